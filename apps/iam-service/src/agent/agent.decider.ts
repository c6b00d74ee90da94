import {
  AgentErased,
  type AgentEvent,
  AgentKeyRotated,
  AgentReassigned,
  AgentRegistered,
  AgentResumed,
  AgentRevoked,
  type AgentStatus,
  AgentSuspended,
  type AgentType,
  AgentUpdated,
  AgentVerificationWithdrawn,
  AgentVerificationGranted,
  type AlgorithmValue,
  ConcordatError,
  limits,
} from '@concordat/contracts';
import { canonicalJson } from '@concordat/crypto';
import type { Decider } from '@concordat/eventsourcing';

export interface RegisterAgent {
  readonly kind: 'RegisterAgent';
  readonly did: string;
  readonly name: string;
  readonly agentType: AgentType;
  readonly publicKeys: readonly AlgorithmValue[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly controllerDid: string | null;
  readonly relationshipType: string;
}

/** What is left out stays as it is. */
export interface UpdateAgent {
  readonly kind: 'UpdateAgent';
  readonly did: string;
  readonly name?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly agentType?: AgentType | undefined;
  readonly controllerDid?: string | null | undefined;
  readonly relationshipType?: string | undefined;
  readonly expectedVersion?: number | undefined;
}

/** That the new key is held has been proven, in place of the key that is named. */
export interface RotateAgentKey {
  readonly kind: 'RotateAgentKey';
  readonly did: string;
  readonly publicKeys: readonly AlgorithmValue[];
  readonly oldKeyId: string;
}

export type AgentCommand =
  | RegisterAgent
  | UpdateAgent
  | RotateAgentKey
  | { readonly kind: 'SuspendAgent'; readonly did: string; readonly reason: string }
  | { readonly kind: 'ResumeAgent'; readonly did: string }
  | { readonly kind: 'VerifyAgent'; readonly did: string; readonly statement: string; readonly by: string }
  | { readonly kind: 'WithdrawVerification'; readonly did: string; readonly statement: string }
  | { readonly kind: 'RevokeAgent'; readonly did: string; readonly reason: string }
  | { readonly kind: 'EraseAgent'; readonly did: string };

export interface Agent {
  readonly did: string;
  readonly name: string | null;
  readonly agentType: AgentType;
  /** Those that count now. */
  readonly publicKeys: readonly AlgorithmValue[];
  /** Of every key that it has had. */
  readonly keyIds: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly controllerDid: string | null;
  readonly relationshipType: string;
  readonly verification: { readonly statement: string; readonly by: string; readonly at: string } | null;
  readonly status: AgentStatus;
  readonly registeredAt: string;
  readonly changedAt: string;
  /** Number of its events. */
  readonly version: number;
}

/** undefined: not registered */
export type AgentState = Agent | undefined;

/**
 * The life of an agent's identity: registered; suspended and resumed as often as need be; revoked for good; erased at any
 * time, which revokes it too. What is asked for and is so already makes no event.
 */
export const agentDecider: Decider<AgentCommand, AgentEvent, AgentState> = {
  initialState: undefined,
  readsSealedFields: true,

  decide(command, agent) {
    if (command.kind === 'RegisterAgent') return register(command, agent);
    if (!agent) throw new ConcordatError('AGENT_UNKNOWN');
    const { did } = command;
    switch (command.kind) {
      case 'RevokeAgent':
        if (hasEnded(agent)) return [];
        return [{ type: AgentRevoked.type, data: { did, reason: command.reason } }];
      case 'EraseAgent':
        return agent.status === 'erased' ? [] : [{ type: AgentErased.type, data: { did } }];
      default:
        if (hasEnded(agent)) throw new ConcordatError('AGENT_REVOKED', `The agent is ${agent.status}.`);
        return change(command, agent);
    }
  },

  evolve(agent, event, time) {
    if (event.type === AgentRegistered.type) {
      const keyIds = event.data.publicKeys.map(({ kid }) => kid);
      const begin = { registeredAt: time, changedAt: time, version: 1, verification: null };
      return { ...event.data, ...begin, keyIds, status: 'active' };
    }
    return agent && { ...agent, ...changes(agent, event, time), changedAt: time, version: agent.version + 1 };
  },
};

const hasEnded = ({ status }: Agent): boolean => status === 'revoked' || status === 'erased';

function register(command: RegisterAgent, agent: AgentState): AgentEvent[] {
  if (agent) throw new ConcordatError('AGENT_ALREADY_REGISTERED');
  const { kind: _kind, publicKeys, metadata, ...facts } = command;
  if (facts.controllerDid === facts.did)
    throw new ConcordatError('INPUT_INVALID', 'An agent cannot be its own controller.');
  const data = { ...facts, publicKeys: [...publicKeys], metadata: metadata as Record<string, never> };
  return [{ type: AgentRegistered.type, data }];
}

type Change = Exclude<AgentCommand, { kind: 'RegisterAgent' | 'RevokeAgent' | 'EraseAgent' }>;

function change(command: Change, agent: Agent): AgentEvent[] {
  const { did } = agent;
  switch (command.kind) {
    case 'UpdateAgent':
      return update(command, agent);
    case 'SuspendAgent':
      if (agent.status === 'suspended') return [];
      return [{ type: AgentSuspended.type, data: { did, reason: command.reason } }];
    case 'ResumeAgent':
      return agent.status === 'active' ? [] : [{ type: AgentResumed.type, data: { did } }];
    case 'RotateAgentKey':
      return rotate(command, agent);
    case 'VerifyAgent': {
      const { statement, by } = command;
      if (agent.verification?.statement === statement) return [];
      return [{ type: AgentVerificationGranted.type, data: { did, statement, by } }];
    }
    case 'WithdrawVerification':
      return agent.verification ? [withdrawal(did, 'withdrawn', command.statement)] : [];
    default:
      return command satisfies never;
  }
}

const withdrawal = (did: string, reason: 'withdrawn' | 'changed', statement: string | null): AgentEvent => ({
  type: AgentVerificationWithdrawn.type,
  data: { did, reason, statement },
});

/** Whoever vouched for it, vouched for this name, type and controller: another one ends that. */
function update(command: UpdateAgent, agent: Agent): AgentEvent[] {
  if (command.expectedVersion !== undefined && command.expectedVersion !== agent.version)
    throw new ConcordatError('PRECONDITION_FAILED', `The version of the identity is ${agent.version}.`);
  const { did, name, metadata, agentType, controllerDid, relationshipType, verification } = agent;
  const said = { name: command.name ?? name, metadata: command.metadata ?? metadata };
  const stands = {
    agentType: command.agentType ?? agentType,
    controllerDid: command.controllerDid === undefined ? controllerDid : command.controllerDid,
    relationshipType: command.relationshipType ?? relationshipType,
  };
  if (stands.controllerDid === did)
    throw new ConcordatError('CONTROLLER_CYCLE', 'An agent cannot be its own controller.');
  const isSaid = isSame(said, { name, metadata });
  const isReassigned = !isSame(stands, { agentType, controllerDid, relationshipType });
  const isAnother = said.name !== name || isReassigned;
  const data = { did, name: said.name, metadata: said.metadata as Record<string, never> };
  return [
    ...(isSaid ? [] : [{ type: AgentUpdated.type, data }]),
    ...(isReassigned ? [{ type: AgentReassigned.type, data: { did, ...stands } }] : []),
    ...(isAnother && verification ? [withdrawal(did, 'changed', null)] : []),
  ];
}

const isSame = (a: object, b: object): boolean => canonicalJson(a) === canonicalJson(b);

function rotate({ publicKeys, oldKeyId }: RotateAgentKey, agent: Agent): AgentEvent[] {
  if (agent.did.startsWith('did:key:')) throw new ConcordatError('DID_KEY_FIXED');
  const wanted = publicKeys.map(({ kid }) => kid);
  const current = agent.publicKeys.map(({ kid }) => kid);
  if (isSame(wanted, current)) return [];
  if (!current.includes(oldKeyId))
    throw new ConcordatError('KEY_PROOF_INVALID', 'The proof names another key than the current one.');
  if (wanted.some((kid) => agent.keyIds.includes(kid))) throw new ConcordatError('KEY_ALREADY_USED');
  if (agent.keyIds.length + wanted.length > limits.agentKeys) throw new ConcordatError('KEY_HISTORY_FULL');
  return [{ type: AgentKeyRotated.type, data: { did: agent.did, publicKeys: [...publicKeys] } }];
}

function changes(
  agent: Agent,
  event: Exclude<AgentEvent, { type: typeof AgentRegistered.type }>,
  time: string,
): Partial<Agent> {
  switch (event.type) {
    case AgentUpdated.type:
      return { name: event.data.name, metadata: event.data.metadata };
    case AgentReassigned.type: {
      const { agentType, controllerDid, relationshipType } = event.data;
      return { agentType, controllerDid, relationshipType };
    }
    case AgentSuspended.type:
      return { status: 'suspended' };
    case AgentResumed.type:
      return { status: 'active' };
    case AgentKeyRotated.type: {
      const { publicKeys } = event.data;
      return { publicKeys, keyIds: [...agent.keyIds, ...publicKeys.map(({ kid }) => kid)] };
    }
    case AgentVerificationGranted.type: {
      const { statement, by } = event.data;
      // Erased since, the words are gone, and with them the identity that they were about.
      return { verification: statement === null ? null : { statement, by, at: time } };
    }
    case AgentVerificationWithdrawn.type:
      return { verification: null };
    case AgentRevoked.type:
      return { status: 'revoked' };
    case AgentErased.type:
      return { status: 'erased', name: null, metadata: null, verification: null };
    default:
      return event satisfies never;
  }
}
