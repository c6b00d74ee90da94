import { delegationTokenType, governanceView } from '@concordat/contracts';
import type { PublicOperationName } from '@concordat/sdk';
import { rotation, type TestAgent } from '@concordat/testing';
import { request } from '../http';
import { password, type Things } from './tenants';

export type Input = Readonly<Record<string, unknown>>;

/** Who asks, as far as inputs depend on it. */
export interface Asking {
  readonly url: string;
  readonly tenant: string;
  /** An agent of the own tenant: of who asks, if it is one. */
  readonly self: string;
}

/** The inputs of an operation that name things, every field in which a thing can be named at least once. */
type Naming = (things: Things, asking: Asking) => readonly Input[] | Promise<readonly Input[]>;

const nothing: Naming = () => [{}];
const theAgent: Naming = ({ agent, managed }) => [{ did: agent.did }, { did: managed }];
const idle = (things: Things) => ({
  description: 'x',
  rules: [
    {
      ...{ id: 'idle', effect: 'deny', actions: ['agent.erase'] },
      ...{ subjects: { ids: [`agent:${things.agent.did}`] }, resources: { ids: [things.agent.did] } },
    },
  ],
});

/** A challenge that was asked for in a tenant, signed as it should be. */
async function proven(agent: TestAgent, { url, tenant }: Asking): Promise<Input> {
  const asked = await request(`${url}/v1/auth/challenge`, {
    method: 'POST',
    body: { did: agent.did, tenant },
  });
  const { challengeId, challenge } = asked.body as { challengeId: string; challenge: string };
  return { challengeId, signature: agent.sign(challenge) };
}

const aim = { actor: 'x', inputConstraints: [], mission: 'x' };

const governanceNaming = {
  'governance.log': ({ workflow }) => [{ mode: 'DRAFT', action: 'x', aim, workflowId: workflow }],
  'governance.logs': ({ agent, user, workflow }) => [
    ...[{ subject: agent.did }, { subject: `user:${user}` }, { workflowId: workflow }],
  ],
  'governance.import': () => [{ lines: ['{}'], dryRun: true }],
  'governance.recordMetric': ({ workflow }) => [{ name: 'x', value: 1, workflowId: workflow }],
  'governance.metrics': ({ agent, workflow }) => [{ subject: agent.did }, { workflowId: workflow }],
  'governance.view': () => governanceView.options.map((view) => ({ view })),
  'workflow.start': () => [{ name: 'x' }],
  'workflow.end': ({ workflow }) => [{ id: workflow, status: 'completed' }],
  'workflow.get': ({ workflow }) => [{ id: workflow }],
  'workflow.list': ({ agent, user }) => [{ subject: agent.did }, { subject: `user:${user}` }],
} satisfies Partial<Record<PublicOperationName, Naming>>;

/** Every operation that has a route: the compiler says which one is missing. */
export const naming: Readonly<Record<PublicOperationName, Naming>> = {
  'audit.messages': ({ agent, correlation }) => [{ agent: agent.did }, { correlationId: correlation }],
  'audit.conversation': ({ correlation }) => [{ correlationId: correlation }],
  'audit.history': ({ agent }) => [{ did: agent.did }],
  'audit.statistics': ({ agent }) => [
    { from: '2026-01-01T00:00:00.000Z', to: '2100-01-01T00:00:00.000Z', agent: agent.did },
  ],
  'audit.labels': nothing,
  'audit.setLabels': () => [{ labels: [] }],
  'audit.events': ({ agent, user, apiKey, correlation }) => [
    ...[{ subject: agent.did }, { subject: user }, { subject: apiKey }, { correlationId: correlation }],
    ...[{ actor: `agent:${agent.did}` }, { actor: `user:${user}` }, { actor: `apiKey:${apiKey}` }],
  ],
  'audit.inclusionProof': ({ event }) => [{ eventId: event }],
  'audit.consistencyProof': () => [{ from: 1, to: 2 }],
  'audit.checkpoint': nothing,
  'audit.key': nothing,
  'audit.tile': () => [
    { level: '0', index: '000.p/1' },
    { level: 'entries', index: '000.p/1' },
  ],
  'audit.entries': () => [{ index: '000.p/1' }],
  ...governanceNaming,
  'audit.retention': nothing,
  'audit.setRetention': () => [{ dryRun: true }],
  'audit.runRetention': () => [{ dryRun: true }],
  // Nothing is named here: the list of the own holds says again what they name, and a hold keeps from erasing.
  'audit.placeHold': () => [
    { reason: 'x', from: '2000-01-01T00:00:00.000Z', to: '2000-01-02T00:00:00.000Z' },
  ],
  'audit.holds': nothing,
  'audit.releaseHold': () => [{ id: `hold_${'f'.repeat(32)}` }],
  'audit.anomalies': ({ agent, user, apiKey }) => [
    ...[{ agent: agent.did }, { agent: `user:${user}` }, { agent: `apiKey:${apiKey}` }],
  ],
  'audit.anomalySettings': nothing,
  'audit.putAnomalySettings': ({ agent }) => [{ overrides: [{ agent: agent.did }] }],
  // What was ordered in the own tenant is listed there, whoever it names: so the list is asked for another than was erased.
  'audit.erase': ({ agent, user }) => [{ subject: agent.did }, { subject: `user:${user}` }],
  'audit.erasures': ({ apiKey }) => [{ subject: `apiKey:${apiKey}` }],
  'audit.startVerification': nothing,
  'audit.verification': () => [{ id: `ver_${'f'.repeat(32)}` }],
  'audit.addCheckpoint': () => [{ request: 'old 0' }],
  'audit.witnessKey': nothing,
  'audit.witnessedCheckpoint': () => [{ originHash: 'f'.repeat(64) }],
  'auth.challenge': ({ agent, managed }, { tenant }) => [
    { did: agent.did, tenant },
    { did: managed, tenant },
  ],
  'auth.token': async ({ agent }, asking) => [await proven(agent, asking)],
  'auth.login': ({ email }, { tenant }) => [{ tenant, email, password }],
  'auth.refresh': () => [{ refreshToken: 'ccr_' }],
  'auth.whoami': nothing,
  'auth.exchange': ({ delegation }) => [
    {
      grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subjectToken: delegation,
      subjectTokenType: delegationTokenType,
    },
  ],
  'delegation.list': nothing,
  'delegation.get': ({ delegation }) => [{ id: delegation }],
  'delegation.revoke': ({ delegation }) => [{ id: delegation }],
  'delegation.create': ({ agent, managed }) => [
    { to: agent.did, scopes: ['read'] },
    { to: managed, scopes: ['read'] },
  ],
  'signingKey.rotate': nothing,
  'agent.get': theAgent,
  'agent.list': ({ agent, agentType }) => [{ controllerDid: agent.did }, { type: agentType }],
  'agent.keys': theAgent,
  'agent.document': theAgent,
  'agent.update': ({ agent, agentType }, { self }) => [
    { did: agent.did, name: 'x' },
    { did: agent.did, name: 'x', ifMatch: '"1"' },
    { did: agent.did, controllerDid: self },
    { did: self, controllerDid: agent.did },
    { did: self, type: agentType },
  ],
  'agent.suspend': theAgent,
  'agent.resume': theAgent,
  'agent.rotateKey': ({ agent, managed, newcomer }, { tenant }) => [
    rotation(agent.did, 'k', newcomer, { tenant }),
    rotation(managed, 'k', newcomer, { tenant }),
  ],
  'agent.verify': ({ agent }) => [{ did: agent.did, statement: 'x' }],
  'agent.revoke': theAgent,
  'agent.erase': theAgent,
  'agent.register': ({ agent, agentType, newcomer }) => [
    { name: 'x', type: 'SERVICE', publicKey: newcomer.publicKeyText, controllerDid: agent.did },
    { name: 'x', type: agentType, publicKey: newcomer.publicKeyText },
    { name: 'x', type: 'SERVICE', publicKey: newcomer.publicKeyText },
  ],
  'agentType.list': nothing,
  'agentType.remove': ({ agentType }) => [{ name: agentType }],
  'agentType.define': ({ taken }) => [{ name: taken.agentType }],
  // Of the own tenant: those of others are public, as the method did:web wants it.
  'did.resolve': ({ agent, managed }, { tenant }) => [
    { tenant, id: agent.did },
    { tenant, id: managed.split(':').at(-1)! },
  ],
  'apiKey.get': ({ apiKey }) => [{ id: apiKey }],
  'apiKey.list': nothing,
  'apiKey.rotate': ({ apiKey }) => [{ id: apiKey }],
  'apiKey.revoke': ({ apiKey }) => [{ id: apiKey }],
  'apiKey.create': () => [{ name: 'x', scopes: ['read'] }],
  'bridge.put': theAgent,
  'bridge.list': nothing,
  'bridge.delete': theAgent,
  'limit.get': ({ agent }) => [{ kind: 'agent', id: agent.did }],
  'limit.list': nothing,
  'limit.delete': ({ limited }) => [{ kind: 'apiKey', id: limited }],
  'limit.put': ({ apiKey, limited }) => [
    { kind: 'apiKey', id: apiKey, requestsPerSecond: 10_000 },
    { kind: 'apiKey', id: limited, requestsPerSecond: 10_000 },
  ],
  'policy.get': ({ policy }) => [{ id: policy }],
  'policy.list': nothing,
  'policy.remove': ({ policy }) => [{ id: policy }, { id: policy, ifMatch: '"1"' }],
  'policy.dryRun': (things) => [{ id: things.taken.policy, ...idle(things) }],
  'policy.put': (things) => [
    { id: things.taken.policy, ifMatch: '"7"', ...idle(things) },
    { id: things.taken.policy, ...idle(things) },
  ],
  'policy.check': ({ agent, user, apiKey }) => [
    { subject: { kind: 'agent', id: agent.did, scopes: ['read', 'write'] }, action: 'agent.get' },
    { subject: { kind: 'user', id: user }, action: 'agent.get', resource: { type: 'agent', id: agent.did } },
    { subject: { kind: 'apiKey', id: apiKey }, action: 'agent.get' },
  ],
  'user.get': ({ user }) => [{ id: user }],
  'user.list': ({ email }) => [{ email }],
  'user.update': ({ user }) => [{ id: user, name: 'x' }],
  'user.setPassword': ({ user }) => [
    { id: user, password: 'two herons over the lake' },
    { id: user, password: 'two herons over the lake', currentPassword: password },
  ],
  'user.erase': ({ user }) => [{ id: user }],
  'user.create': ({ taken }) => [{ email: taken.email, name: 'x', roles: ['user'] }],
  'session.list': ({ user }) => [{ userId: user }],
  'session.revoke': ({ session }) => [{ id: session }],
  'message.get': ({ message }) => [{ id: message }],
  'message.send': ({ agent, managed, topic, schema }, { self }) => [
    { to: agent.did, type: 'EVENT', payload: 1 },
    { to: managed, type: 'EVENT', payload: 1 },
    { to: `topic:${topic}`, type: 'EVENT', payload: 1 },
    { to: agent.did, type: 'EVENT', payload: 1, replyTo: managed },
    { to: self, type: 'EVENT', payload: 1, schema },
    { to: self, type: 'EVENT', payload: 1, schema: `${schema}/1` },
  ],
  'schema.get': ({ schema }) => [{ type: schema, version: 1 }],
  'schema.list': nothing,
  'schema.put': ({ taken }) => [
    { type: taken.schema, version: 1, schema: {} },
    { type: taken.schema, version: 2, schema: {} },
  ],
  'schedule.get': ({ schedule }) => [{ id: schedule }],
  'schedule.list': nothing,
  'schedule.create': ({ agent, topic }) => [
    { message: { to: agent.did, type: 'EVENT', payload: 1 }, cron: '0 0 1 1 *' },
    { message: { to: `topic:${topic}`, type: 'EVENT', payload: 1 }, cron: '0 0 1 1 *' },
  ],
  'message.sendBatch': ({ agent, topic }) => [
    {
      messages: [
        { to: agent.did, type: 'EVENT', payload: 1 },
        { to: `topic:${topic}`, type: 'EVENT', payload: 1 },
      ],
    },
  ],
  'topic.get': ({ topic }) => [{ name: topic }],
  'topic.list': nothing,
  'subscription.list': ({ topic }) => [{ name: topic }],
  'subscription.fetch': ({ topic, group }) => [{ name: topic, group }],
  'stream.list': nothing,
  'stream.get': ({ topic, agent, managed }) => [
    { name: `topic:${topic}` },
    { name: `inbox:${agent.did}` },
    { name: `inbox:${managed}` },
  ],
  'stream.groups': ({ topic, agent }) => [{ name: `topic:${topic}` }, { name: `inbox:${agent.did}` }],
  'deadLetter.list': ({ agent }) => [{}, { queue: agent.did }, { from: agent.did }],
  'deadLetter.get': ({ deadLetter }) => [{ id: deadLetter }],
  'inbox.fetch': nothing,
  'inbox.extend': ({ deliveryToken }) => [{ tokens: [deliveryToken] }],
  'inbox.nack': ({ deliveryToken }) => [{ token: deliveryToken }],
  'inbox.ack': ({ deliveryToken }) => [{ tokens: [deliveryToken] }],
  'deadLetter.replay': ({ deadLetter, agent }) => [
    { ids: [deadLetter], dryRun: true },
    { queue: agent.did },
    { ids: [deadLetter] },
  ],
  'deadLetter.purge': ({ deadLetter, agent }) => [{ id: deadLetter }, { queue: agent.did }],
  'schedule.resume': ({ schedule }) => [{ id: schedule }],
  'schedule.delete': ({ schedule }) => [{ id: schedule }],
  'topic.create': ({ taken }) => [{ name: taken.topic }],
  'subscription.put': ({ topic }) => [{ name: topic, group: 'g' }],
  'subscription.delete': ({ topic, group }) => [{ name: topic, group }],
  'topic.delete': ({ topic }) => [{ name: topic }],
  'memory.get': ({ agent, memory }, { self }) => [
    { persona: agent.did, key: memory },
    { persona: 'communal', key: memory },
    { persona: self, key: memory },
  ],
  'memory.put': ({ agent, memory, taken }) => [
    { persona: agent.did, key: memory, content: 1 },
    { persona: agent.did, key: memory, content: 1, ifMatch: '"1"' },
    { persona: 'communal', key: taken.memory, content: 1, ifMatch: '"1"' },
    { persona: 'communal', key: taken.memory, content: 1 },
  ],
  'memory.delete': ({ agent, memory }) => [
    { persona: agent.did, key: memory },
    { persona: 'communal', key: memory },
    { persona: 'communal', key: memory, ifMatch: '"1"' },
  ],
  'consent.get': ({ agent }, { self }) => [
    { persona: agent.did, grantee: self },
    { persona: self, grantee: agent.did },
  ],
  'consent.grant': ({ agent }, { self }) => [
    { persona: agent.did, grantee: self, scopes: ['read'] },
    { persona: self, grantee: agent.did, scopes: ['read'] },
  ],
  'consent.withdraw': ({ agent, managed }, { self }) => [
    { persona: agent.did, grantee: self },
    { persona: self, grantee: managed },
  ],
  // The last one, and asked once by everybody: it names nothing and ends the credential.
  'auth.revoke': () => [],
};

/** In the order in which they are asked: what reads before what writes, the end of the credential last. */
export const askedOperations = Object.keys(naming) as PublicOperationName[];
