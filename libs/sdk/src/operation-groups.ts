import type { OperationOutput, OperationRequest } from '@concordat/contracts';
import type { CallOptions, PublicOperationName } from './call/caller';

/** Calls an operation of the catalogue and answers with its output. */
export type Invoke = <N extends PublicOperationName>(
  name: N,
  input: OperationRequest<N>,
  options?: CallOptions,
) => Promise<OperationOutput<N>>;

/** An operation as a method: its input, less what is bound already; left out when nothing in it is needed. */
export type Method<N extends PublicOperationName, Bound extends string = never> =
  Record<never, never> extends Omit<OperationRequest<N>, Bound>
    ? (input?: Omit<OperationRequest<N>, Bound>, options?: CallOptions) => Promise<OperationOutput<N>>
    : (input: Omit<OperationRequest<N>, Bound>, options?: CallOptions) => Promise<OperationOutput<N>>;

type Names = Readonly<Record<string, PublicOperationName>>;

/** Operations under the names of their methods. */
export type Group<G extends Names, Bound extends string = never> = {
  readonly [M in keyof G]: Method<G[M], Bound>;
};

/** The short names of operations. An operation that is in no group is reached by `call`. */
export const groups = {
  agents: {
    register: 'agent.register',
    get: 'agent.get',
    list: 'agent.list',
    update: 'agent.update',
    suspend: 'agent.suspend',
    resume: 'agent.resume',
    revoke: 'agent.revoke',
    /** `proveNewKey` makes the proof. */
    rotateKey: 'agent.rotateKey',
    verify: 'agent.verify',
    keys: 'agent.keys',
    document: 'agent.document',
    erase: 'agent.erase',
  },
  agentTypes: { define: 'agentType.define', list: 'agentType.list', remove: 'agentType.remove' },
  delegations: {
    create: 'delegation.create',
    get: 'delegation.get',
    list: 'delegation.list',
    revoke: 'delegation.revoke',
  },
  signingKeys: { rotate: 'signingKey.rotate' },
  policies: {
    put: 'policy.put',
    dryRun: 'policy.dryRun',
    get: 'policy.get',
    list: 'policy.list',
    remove: 'policy.remove',
    check: 'policy.check',
  },
  apiKeys: {
    create: 'apiKey.create',
    get: 'apiKey.get',
    list: 'apiKey.list',
    rotate: 'apiKey.rotate',
    revoke: 'apiKey.revoke',
  },
  users: {
    create: 'user.create',
    get: 'user.get',
    list: 'user.list',
    update: 'user.update',
    setPassword: 'user.setPassword',
    erase: 'user.erase',
  },
  sessions: { login: 'auth.login', refresh: 'auth.refresh', list: 'session.list', revoke: 'session.revoke' },
  messages: { send: 'message.send', get: 'message.get' },
  inbox: { fetch: 'inbox.fetch', ack: 'inbox.ack' },
  vault: {
    put: 'memory.put',
    get: 'memory.get',
    delete: 'memory.delete',
    grant: 'consent.grant',
    consent: 'consent.get',
    withdraw: 'consent.withdraw',
  },
  audit: {
    messages: 'audit.messages',
    events: 'audit.events',
    inclusion: 'audit.inclusionProof',
    consistency: 'audit.consistencyProof',
    checkpoint: 'audit.checkpoint',
  },
} as const satisfies Readonly<Record<string, Names>>;

export type Groups = typeof groups;

/** @param bound fields that every input gets */
export function bindGroup<G extends Names, B extends Readonly<Record<string, string>> = Record<never, never>>(
  invoke: Invoke,
  group: G,
  bound?: B,
): Group<G, keyof B & string> {
  const methods = Object.entries(group).map(([method, name]) => [
    method,
    (input: object = {}, options?: CallOptions) =>
      invoke(name, { ...input, ...bound } as OperationRequest<typeof name>, options),
  ]);
  return Object.freeze(Object.fromEntries(methods)) as Group<G, keyof B & string>;
}
