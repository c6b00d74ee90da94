import { delegationTokenType } from '@concordat/contracts';
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

/** Every operation that has a route: the compiler says which one is missing. */
export const naming: Readonly<Record<PublicOperationName, Naming>> = {
  'audit.messages': ({ agent, correlation }) => [{ agent: agent.did }, { correlationId: correlation }],
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
  'message.send': ({ agent, managed }) => [
    { to: agent.did, type: 'EVENT', payload: 1 },
    { to: managed, type: 'EVENT', payload: 1 },
  ],
  'inbox.fetch': nothing,
  'inbox.ack': ({ deliveryToken }) => [{ tokens: [deliveryToken] }],
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
