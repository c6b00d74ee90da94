import { AgentErased, type AgentEvent, AgentRegistered, AgentRevoked } from '@concordat/contracts';
import { specification } from '@concordat/eventsourcing';
import fc from 'fast-check';
import { type AgentCommand, agentDecider, type RegisterAgent } from './agent.decider';

const did = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';
const key = { alg: 'Ed25519' as const, kid: 'k1', value: 'AA' };
const given = specification(agentDecider);

const register: RegisterAgent = {
  kind: 'RegisterAgent',
  did,
  name: 'Ada',
  agentType: 'CLAUDE',
  publicKeys: [key],
  metadata: { team: 'x' },
  controllerDid: null,
};
const revoke: AgentCommand = { kind: 'RevokeAgent', did, reason: 'key lost' };
const erase: AgentCommand = { kind: 'EraseAgent', did };

const registered: AgentEvent = {
  type: AgentRegistered.type,
  data: {
    did,
    name: 'Ada',
    agentType: 'CLAUDE',
    publicKeys: [key],
    metadata: { team: 'x' },
    controllerDid: null,
    relationshipType: 'owner',
  },
};
const revoked: AgentEvent = { type: AgentRevoked.type, data: { did, reason: 'key lost' } };
const erased: AgentEvent = { type: AgentErased.type, data: { did } };

describe('an unknown agent', () => {
  it('is registered', () => given([]).when(register).then([registered]));
  it('cannot be its own controller', () =>
    given([])
      .when({ ...register, controllerDid: did })
      .refuses('INPUT_INVALID'));
  it('cannot be revoked', () => given([]).when(revoke).refuses('AGENT_UNKNOWN'));
  it('cannot be erased', () => given([]).when(erase).refuses('AGENT_UNKNOWN'));
});

describe('an active agent', () => {
  it('refuses a second registration', () =>
    given([registered]).when(register).refuses('AGENT_ALREADY_REGISTERED'));
  it('is revoked', () => given([registered]).when(revoke).then([revoked]));
  it('is erased', () => given([registered]).when(erase).then([erased]));
});

describe('a revoked agent', () => {
  it('stays revoked without a further event', () => given([registered, revoked]).when(revoke).then([]));
  it('is erased', () => given([registered, revoked]).when(erase).then([erased]));
  it('is never registered again', () =>
    given([registered, revoked]).when(register).refuses('AGENT_ALREADY_REGISTERED'));
});

describe('an erased agent', () => {
  it('keeps its key and loses name and metadata', () => {
    const { state } = given([registered, erased]);
    expect(state).toMatchObject({ status: 'erased', name: null, metadata: null, publicKeys: [key] });
  });
  it('stays erased without a further event', () => given([registered, erased]).when(erase).then([]));
  it('needs no revocation', () => given([registered, erased]).when(revoke).then([]));
});

describe('any sequence of commands', () => {
  it('leaves an identity that never becomes active again once it was not', () => {
    const commands = fc.array(fc.constantFrom<AgentCommand>(register, revoke, erase), { maxLength: 12 });
    fc.assert(
      fc.property(commands, (list) => {
        let state = agentDecider.initialState;
        let wasEnded = false;
        for (const command of list) {
          try {
            for (const event of agentDecider.decide(command, state))
              state = agentDecider.evolve(state, event, '');
          } catch {
            continue;
          }
          if (wasEnded && state?.status === 'active') return false;
          wasEnded ||= state !== undefined && state.status !== 'active';
        }
        return true;
      }),
    );
  });
});
