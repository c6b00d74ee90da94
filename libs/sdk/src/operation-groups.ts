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
  bridges: { put: 'bridge.put', list: 'bridge.list', delete: 'bridge.delete' },
  limits: { put: 'limit.put', get: 'limit.get', list: 'limit.list', delete: 'limit.delete' },
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
  messages: { send: 'message.send', sendBatch: 'message.sendBatch', get: 'message.get' },
  schemas: { put: 'schema.put', get: 'schema.get', list: 'schema.list' },
  schedules: {
    create: 'schedule.create',
    get: 'schedule.get',
    list: 'schedule.list',
    resume: 'schedule.resume',
    delete: 'schedule.delete',
  },
  inbox: { fetch: 'inbox.fetch', ack: 'inbox.ack', nack: 'inbox.nack', extend: 'inbox.extend' },
  topics: { create: 'topic.create', get: 'topic.get', list: 'topic.list', delete: 'topic.delete' },
  subscriptions: {
    put: 'subscription.put',
    list: 'subscription.list',
    delete: 'subscription.delete',
    fetch: 'subscription.fetch',
  },
  deadLetters: {
    list: 'deadLetter.list',
    get: 'deadLetter.get',
    replay: 'deadLetter.replay',
    purge: 'deadLetter.purge',
  },
  streams: { list: 'stream.list', get: 'stream.get', groups: 'stream.groups' },
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
    anomalies: 'audit.anomalies',
    anomalySettings: 'audit.anomalySettings',
    putAnomalySettings: 'audit.putAnomalySettings',
    erase: 'audit.erase',
    erasures: 'audit.erasures',
    checkpoint: 'audit.checkpoint',
    conversation: 'audit.conversation',
    history: 'audit.history',
    statistics: 'audit.statistics',
    labels: 'audit.labels',
    setLabels: 'audit.setLabels',
    retention: 'audit.retention',
    setRetention: 'audit.setRetention',
    runRetention: 'audit.runRetention',
    placeHold: 'audit.placeHold',
    holds: 'audit.holds',
    releaseHold: 'audit.releaseHold',
    key: 'audit.key',
    tile: 'audit.tile',
    startVerification: 'audit.startVerification',
    verification: 'audit.verification',
  },
  governance: {
    log: 'governance.log',
    logs: 'governance.logs',
    import: 'governance.import',
    recordMetric: 'governance.recordMetric',
    metrics: 'governance.metrics',
    view: 'governance.view',
  },
  workflows: { start: 'workflow.start', end: 'workflow.end', get: 'workflow.get', list: 'workflow.list' },
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
