import {
  AgentErased,
  type AgentEvent,
  AgentKeyRotated,
  AgentReassigned,
  AgentRegistered,
  AgentResumed,
  AgentRevoked,
  AgentSuspended,
  AgentUpdated,
  AgentVerificationGranted,
  AgentVerificationWithdrawn,
} from '@concordat/contracts';
import { specification } from '@concordat/eventsourcing';
import { type AgentCommand, agentDecider, type RegisterAgent, type UpdateAgent } from './agent.decider';

const did = 'did:web:localhost%3A7400:agents:default:6f9619ff-8b86-8011-b42d-00cf4fc964ff';
const didKey = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';
const key = (kid: string) => ({ alg: 'Ed25519' as const, kid, value: 'AA' });
const given = specification(agentDecider);
const time = '2026-01-01T00:00:00.000Z';

const facts = {
  did,
  name: 'Ada',
  agentType: 'CLAUDE',
  publicKeys: [key('k1')],
  metadata: { team: 'x' },
  controllerDid: null,
  relationshipType: 'owner',
};
const register: RegisterAgent = { kind: 'RegisterAgent', ...facts };
const revoke: AgentCommand = { kind: 'RevokeAgent', did, reason: 'key lost' };
const erase: AgentCommand = { kind: 'EraseAgent', did };
const suspend: AgentCommand = { kind: 'SuspendAgent', did, reason: 'odd' };
const resume: AgentCommand = { kind: 'ResumeAgent', did };
const verify: AgentCommand = { kind: 'VerifyAgent', did, statement: 'seen', by: 'user:u' };
const withdraw: AgentCommand = { kind: 'WithdrawVerification', did, statement: 'gone' };
const update = (over: Partial<UpdateAgent>): UpdateAgent => ({ kind: 'UpdateAgent', did, ...over });
const rotate = (kid: string, oldKeyId: string): AgentCommand => ({
  ...{ kind: 'RotateAgentKey', did, publicKeys: [key(kid)], oldKeyId },
});

const registered: AgentEvent = { type: AgentRegistered.type, data: facts };
const revoked: AgentEvent = { type: AgentRevoked.type, data: { did, reason: 'key lost' } };
const erased: AgentEvent = { type: AgentErased.type, data: { did } };
const suspended: AgentEvent = { type: AgentSuspended.type, data: { did, reason: 'odd' } };
const resumed: AgentEvent = { type: AgentResumed.type, data: { did } };
const granted: AgentEvent = {
  type: AgentVerificationGranted.type,
  data: { did, statement: 'seen', by: 'user:u' },
};
const withdrawn = (reason: 'withdrawn' | 'changed', statement: string | null): AgentEvent => ({
  ...{ type: AgentVerificationWithdrawn.type, data: { did, reason, statement } },
});
const updated = (over: object): AgentEvent => ({
  ...{ type: AgentUpdated.type, data: { did, name: 'Ada', metadata: { team: 'x' }, ...over } },
});
const reassigned = (over: object): AgentEvent => ({
  type: AgentReassigned.type,
  data: { did, agentType: 'CLAUDE', controllerDid: null, relationshipType: 'owner', ...over },
});
const rotated = (kid: string): AgentEvent => ({
  ...{ type: AgentKeyRotated.type, data: { did, publicKeys: [key(kid)] } },
});

describe('an unknown agent', () => {
  it('is registered', () => given([]).when(register).then([registered]));
  it('cannot be its own controller', () =>
    given([])
      .when({ ...register, controllerDid: did })
      .refuses('INPUT_INVALID'));
  it('cannot be changed in any way', () => {
    const others = [
      revoke,
      erase,
      suspend,
      resume,
      verify,
      withdraw,
      update({ name: 'B' }),
      rotate('k2', 'k1'),
    ];
    for (const command of others) given([]).when(command).refuses('AGENT_UNKNOWN');
  });
});

describe('an active agent', () => {
  it('refuses a second registration', () =>
    given([registered]).when(register).refuses('AGENT_ALREADY_REGISTERED'));
  it('is revoked', () => given([registered]).when(revoke).then([revoked]));
  it('is erased', () => given([registered]).when(erase).then([erased]));
  it('is suspended', () => given([registered]).when(suspend).then([suspended]));
  it('needs no resuming', () => given([registered]).when(resume).then([]));
  it('is verified, once per statement', () => {
    given([registered]).when(verify).then([granted]);
    given([registered, granted]).when(verify).then([]);
    const anew = { type: AgentVerificationGranted.type, data: { did, statement: 'again', by: 'user:u' } };
    given([registered, granted])
      .when({ ...verify, statement: 'again' })
      .then([anew as AgentEvent]);
  });
  it('loses a verification that was withdrawn, and none that it does not have', () => {
    given([registered, granted])
      .when(withdraw)
      .then([withdrawn('withdrawn', 'gone')]);
    given([registered]).when(withdraw).then([]);
  });
});

describe('an agent that is updated', () => {
  it('gets what is named, and keeps the rest', () => {
    given([registered])
      .when(update({ name: 'Bea' }))
      .then([updated({ name: 'Bea' })]);
    given([registered])
      .when(update({ metadata: {} }))
      .then([updated({ metadata: {} })]);
    given([registered])
      .when(update({ agentType: 'BOT' }))
      .then([reassigned({ agentType: 'BOT' })]);
  });
  it('does not change by what it is already, in whatever order its metadata comes', () => {
    const metadata = { a: 1, b: { c: 2, d: 3 } };
    const before = [registered, updated({ metadata })];
    given(before)
      .when(update({ metadata: { b: { d: 3, c: 2 }, a: 1 }, name: 'Ada', controllerDid: null }))
      .then([]);
  });
  it('gets a controller, and loses it', () => {
    given([registered])
      .when(update({ controllerDid: didKey, relationshipType: 'guardian' }))
      .then([reassigned({ controllerDid: didKey, relationshipType: 'guardian' })]);
    given([registered, reassigned({ controllerDid: didKey })])
      .when(update({ controllerDid: null }))
      .then([reassigned({})]);
  });
  it('never controls itself', () =>
    given([registered])
      .when(update({ controllerDid: did }))
      .refuses('CONTROLLER_CYCLE'));
  it('is no longer vouched for under another name, type or controller, and still is with other metadata', () => {
    const change = withdrawn('changed', null);
    const verified = given([registered, granted]);
    verified.when(update({ name: 'Bea' })).then([updated({ name: 'Bea' }), change]);
    verified.when(update({ agentType: 'BOT' })).then([reassigned({ agentType: 'BOT' }), change]);
    verified.when(update({ controllerDid: didKey })).then([reassigned({ controllerDid: didKey }), change]);
    verified.when(update({ metadata: {} })).then([updated({ metadata: {} })]);
  });
  it('is changed at the version that the caller has seen, or not', () => {
    given([registered, suspended])
      .when(update({ name: 'Bea', expectedVersion: 2 }))
      .then([updated({ name: 'Bea' })]);
    given([registered, suspended])
      .when(update({ name: 'Bea', expectedVersion: 1 }))
      .refuses('PRECONDITION_FAILED');
  });
});

describe('a key', () => {
  it('is replaced by one that names it', () =>
    given([registered])
      .when(rotate('k2', 'k1'))
      .then([rotated('k2')]));
  it('is not replaced by a proof over another one', () =>
    given([registered, rotated('k2')])
      .when(rotate('k3', 'k1'))
      .refuses('KEY_PROOF_INVALID'));
  it('does not come back', () =>
    given([registered, rotated('k2')])
      .when(rotate('k1', 'k2'))
      .refuses('KEY_ALREADY_USED'));
  it('that is there already is not put there again', () =>
    given([registered, rotated('k2')])
      .when(rotate('k2', 'k1'))
      .then([]));
  it('of a suspended agent can be replaced: it may be why', () =>
    given([registered, suspended])
      .when(rotate('k2', 'k1'))
      .then([rotated('k2')]));
  it('of a did:key is the identity itself', () => {
    const own = { ...registered, data: { ...facts, did: didKey } } as AgentEvent;
    given([own])
      .when({ ...rotate('k2', 'k1'), did: didKey })
      .refuses('DID_KEY_FIXED');
  });
  it('is one of a bounded number', () => {
    const all = Array.from({ length: 999 }, (_, i) => rotated(`r${i}`));
    given([registered, ...all])
      .when(rotate('k2', 'r998'))
      .refuses('KEY_HISTORY_FULL');
  });
});

describe('a suspended agent', () => {
  const before = [registered, suspended];
  it('is resumed', () => given(before).when(resume).then([resumed]));
  it('stays suspended without a further event', () => given(before).when(suspend).then([]));
  it('is revoked, and erased', () => {
    given(before).when(revoke).then([revoked]);
    given(before).when(erase).then([erased]);
  });
});

describe.each([
  ['a revoked agent', [registered, revoked]],
  ['an erased agent', [registered, granted, erased]],
])('%s', (_, before) => {
  it('stays revoked without a further event', () => given(before).when(revoke).then([]));
  it('is never registered again', () => given(before).when(register).refuses('AGENT_ALREADY_REGISTERED'));
  it('can no longer be changed', () => {
    const others = [suspend, resume, verify, withdraw, update({ name: 'B' }), rotate('k2', 'k1')];
    for (const command of others) given(before).when(command).refuses('AGENT_REVOKED');
  });
});

describe('an erased agent', () => {
  it('keeps its key and loses name, metadata and the words of who vouched for it', () => {
    const { state } = given([registered, granted, erased]);
    expect(state).toMatchObject({
      ...{ status: 'erased', name: null, metadata: null, verification: null, publicKeys: [key('k1')] },
      ...{ version: 3, changedAt: time },
    });
  });
  it('stays erased without a further event', () => given([registered, erased]).when(erase).then([]));
  it('is read without its destroyed words', () => {
    const { type, data } = granted as Extract<AgentEvent, { type: typeof AgentVerificationGranted.type }>;
    expect(given([registered, { type, data: { ...data, statement: null } }]).state?.verification).toBeNull();
  });
});
