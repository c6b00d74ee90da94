import { findOperation, operationList, type OperationOutput } from '@concordat/contracts';
import { formatApiKey } from '@concordat/crypto';
import { Concordat, type PublicOperationName } from '@concordat/sdk';
import { eventually, newAgent, type TestAgent } from '@concordat/testing';
import type { System } from './system';

/** What the cases find in place: two agents, registered through the first gateway and served by the second. */
export interface World {
  readonly system: System;
  /** Nobody in particular. */
  readonly stranger: Concordat;
  readonly admin: Concordat;
  readonly ada: TestAgent;
  readonly bob: TestAgent;
  readonly asAda: Concordat;
  readonly asBob: Concordat;
  /** A message from Ada to Bob that nobody has fetched. */
  readonly messageId: string;
  /** An event of the audit log about Ada, covered by a checkpoint. */
  readonly eventId: string;
}

export interface OperationCase {
  /** Calls it as it is meant to be called, and checks what comes back. Can be done any number of times. */
  succeed(world: World): Promise<void>;
  /** Calls it as it must be refused. */
  refuse(world: World): Promise<unknown>;
  readonly refusal: string;
}

export async function startWorld(system: System): Promise<World> {
  const [ada, bob] = [await system.registered('Ada', 0), await system.registered('Bob', 0)];
  const [asAda, asBob] = [system.client(ada, 1), system.client(bob, 1)];
  const sent = await asAda.messages.send({ to: bob.did, type: 'COMMAND', payload: { hello: 'Bob' } });
  const eventId = await eventually(async () => {
    const { items } = await system.admin(1).audit.events({ subject: ada.did });
    await system.admin(1).audit.inclusion({ eventId: items[0]!.id });
    return items[0]!.id;
  });
  const stranger = new Concordat({ url: system.url(1) });
  return { system, stranger, admin: system.admin(1), ada, bob, asAda, asBob, messageId: sent.id, eventId };
}

const withAgent = async (
  world: World,
  then: (agent: TestAgent, client: Concordat) => Promise<void>,
): Promise<void> => {
  const agent = newAgent();
  await world.admin.call('agent.register', {
    name: 'temporary',
    type: 'CLINE',
    publicKey: agent.publicKeyText,
  });
  await then(agent, world.system.client(agent, 1));
};

/** Somebody with a key that was never made. */
const impostor = (system: System): Concordat =>
  new Concordat({ url: system.url(1), credential: { apiKey: formatApiKey(new Uint8Array(40)).key } });

const identity: Pick<
  Record<PublicOperationName, OperationCase>,
  Extract<PublicOperationName, `auth.${string}` | `agent.${string}` | `apiKey.${string}`>
> = {
  'auth.challenge': {
    async succeed({ stranger, ada }) {
      const { challenge } = await stranger.call('auth.challenge', { did: ada.did });
      expect(challenge).toContain(`did: ${ada.did}\n`);
    },
    refuse: ({ stranger }) => stranger.call('auth.challenge', { did: 'did:web:nonsense' }),
    refusal: 'INPUT_INVALID',
  },
  'auth.token': {
    async succeed({ stranger, ada }) {
      const { challengeId, challenge } = await stranger.call('auth.challenge', { did: ada.did });
      const token = await stranger.call('auth.token', { challengeId, signature: ada.sign(challenge) });
      expect(token).toMatchObject({ tokenType: 'Bearer', expiresIn: 900 });
    },
    async refuse({ stranger, ada, bob }) {
      const { challengeId, challenge } = await stranger.call('auth.challenge', { did: ada.did });
      return stranger.call('auth.token', { challengeId, signature: bob.sign(challenge) });
    },
    refusal: 'HANDSHAKE_REFUSED',
  },
  'auth.whoami': {
    succeed: async ({ asAda, ada }) =>
      expect(await asAda.whoami()).toMatchObject({ kind: 'agent', id: ada.did }),
    refuse: ({ system }) => impostor(system).whoami(),
    refusal: 'CREDENTIAL_INVALID',
  },
  'agent.register': {
    succeed: (world) => withAgent(world, async () => undefined),
    refuse: ({ admin, ada }) =>
      admin.call('agent.register', { name: 'x', type: 'SERVICE', publicKey: ada.publicKeyText }),
    refusal: 'AGENT_ALREADY_REGISTERED',
  },
  'agent.get': {
    succeed: async ({ asBob, ada }) =>
      expect(await asBob.agents.get({ did: ada.did })).toMatchObject({ name: 'Ada' }),
    refuse: ({ asBob }) => asBob.agents.get({ did: newAgent().did }),
    refusal: 'AGENT_UNKNOWN',
  },
  'agent.list': {
    async succeed({ asBob, ada }) {
      const { items } = await asBob.agents.list({ name: 'Ada' });
      expect(items.map(({ did }) => did)).toContain(ada.did);
    },
    refuse: ({ asBob }) => asBob.agents.list({ cursor: 'nonsense' }),
    refusal: 'INPUT_INVALID',
  },
  'agent.revoke': {
    succeed: (world) =>
      withAgent(world, async ({ did }) =>
        expect(await world.admin.agents.revoke({ did })).toMatchObject({ status: 'revoked' }),
      ),
    refuse: ({ asBob, ada }) => asBob.agents.revoke({ did: ada.did }),
    refusal: 'SCOPE_MISSING',
  },
  'agent.erase': {
    succeed: (world) =>
      withAgent(world, async ({ did }) => {
        await world.admin.agents.erase({ did });
        expect(await world.admin.agents.get({ did })).toMatchObject({ status: 'erased', name: null });
      }),
    refuse: ({ admin }) => admin.agents.erase({ did: newAgent().did }),
    refusal: 'AGENT_UNKNOWN',
  },
  'apiKey.create': {
    async succeed({ admin, system }) {
      const { key } = await admin.apiKeys.create({ name: 'ci', scopes: ['read'] });
      // At the gateway that has not seen it being made.
      const client = new Concordat({ url: system.url(0), credential: { apiKey: key } });
      await eventually(async () => expect(await client.whoami()).toMatchObject({ scopes: ['read'] }));
    },
    refuse: ({ asBob }) => asBob.apiKeys.create({ name: 'x', scopes: ['admin'] }),
    refusal: 'SCOPE_MISSING',
  },
  'apiKey.revoke': {
    async succeed({ admin, system }) {
      const { id, key } = await admin.apiKeys.create({ name: 'ci', scopes: ['read'] });
      expect(await admin.apiKeys.revoke({ id })).toMatchObject({ status: 'revoked' });
      const client = new Concordat({ url: system.url(1), credential: { apiKey: key } });
      await eventually(() => expect(client.whoami()).rejects.toMatchObject({ code: 'CREDENTIAL_INVALID' }));
    },
    refuse: ({ admin }) => admin.apiKeys.revoke({ id: 'f'.repeat(16) }),
    refusal: 'API_KEY_UNKNOWN',
  },
};

const messaging: Pick<
  Record<PublicOperationName, OperationCase>,
  Extract<PublicOperationName, `message.${string}` | `inbox.${string}`>
> = {
  'message.send': {
    async succeed({ asAda, bob }) {
      const sent = await asAda.messages.send({ to: bob.did, type: 'EVENT', payload: { n: 1 } });
      expect(sent).toMatchObject({ status: 'PENDING', durability: 'appendfsync-always' });
    },
    refuse: ({ asAda }) => asAda.messages.send({ to: newAgent().did, type: 'EVENT', payload: 1 }),
    refusal: 'RECIPIENT_UNKNOWN',
  },
  'message.get': {
    succeed: async ({ asAda, messageId, bob }) =>
      expect(await asAda.messages.get({ id: messageId })).toMatchObject({ to: bob.did, type: 'COMMAND' }),
    refuse: ({ asAda, messageId }) => asAda.messages.get({ id: messageId.replace(/.{12}$/, '0'.repeat(12)) }),
    refusal: 'MESSAGE_UNKNOWN',
  },
  'inbox.fetch': {
    succeed: (world) =>
      withAgent(world, async ({ did }, client) => {
        await world.asAda.messages.send({ to: did, type: 'QUERY', payload: [1, 2] });
        const { items } = await client.inbox.fetch({ waitSeconds: 5 });
        expect(items).toMatchObject([{ payload: [1, 2], from: world.ada.did, attempt: 1 }]);
      }),
    refuse: ({ admin }) => admin.inbox.fetch({}),
    refusal: 'AGENT_REQUIRED',
  },
  'inbox.ack': {
    succeed: (world) =>
      withAgent(world, async ({ did }, client) => {
        const { id } = await world.asAda.messages.send({ to: did, type: 'QUERY', payload: null });
        const { items } = await client.inbox.fetch({ waitSeconds: 5 });
        expect(await client.inbox.ack({ tokens: [items[0]!.deliveryToken] })).toEqual({ acked: [id] });
        expect(await world.asAda.messages.get({ id })).toMatchObject({ status: 'DELIVERED' });
      }),
    refuse: ({ asBob, messageId }) => asBob.inbox.ack({ tokens: [`${messageId}.stale`] }),
    refusal: 'DELIVERY_TOKEN_STALE',
  },
};

const memory: Pick<
  Record<PublicOperationName, OperationCase>,
  Extract<PublicOperationName, `memory.${string}` | `consent.${string}`>
> = {
  'memory.put': {
    succeed: async ({ asAda, ada }) =>
      expect(await asAda.vault().put({ key: 'note', content: { n: 1 } })).toMatchObject({
        persona: ada.did,
        key: 'note',
      }),
    refuse: ({ asBob, ada }) => asBob.vault(ada.did).put({ key: 'note', content: 1 }),
    refusal: 'CONSENT_REQUIRED',
  },
  'memory.get': {
    async succeed({ asAda }) {
      await asAda.vault().put({ key: 'read', content: { deep: ['x', 1, null] } });
      expect(await asAda.vault().get({ key: 'read' })).toMatchObject({ content: { deep: ['x', 1, null] } });
    },
    refuse: ({ asBob, ada }) => asBob.vault(ada.did).get({ key: 'read' }),
    refusal: 'CONSENT_REQUIRED',
  },
  'memory.delete': {
    async succeed({ asAda }) {
      await asAda.vault().put({ key: 'gone', content: 1 });
      await asAda.vault().delete({ key: 'gone' });
      await expect(asAda.vault().get({ key: 'gone' })).rejects.toMatchObject({ code: 'MEMORY_UNKNOWN' });
    },
    refuse: ({ asAda }) => asAda.vault().delete({ key: 'never-written' }),
    refusal: 'MEMORY_UNKNOWN',
  },
  'consent.grant': {
    succeed: (world) =>
      withAgent(world, async ({ did }, client) => {
        await world.asAda.vault().put({ key: 'shared', content: 'for a friend' });
        await world.asAda.vault().grant({ grantee: did, scopes: ['read'] });
        expect(await client.vault(world.ada.did).get({ key: 'shared' })).toMatchObject({
          content: 'for a friend',
        });
      }),
    refuse: ({ asBob, ada, bob }) => asBob.vault(ada.did).grant({ grantee: bob.did, scopes: ['read'] }),
    refusal: 'CONSENT_REQUIRED',
  },
  'consent.get': {
    succeed: (world) =>
      withAgent(world, async ({ did }) => {
        await world.asAda.vault().grant({ grantee: did, scopes: ['read', 'write'], expiresInSeconds: 60 });
        expect(await world.asAda.call('consent.get', { persona: world.ada.did, grantee: did })).toMatchObject(
          {
            scopes: ['read', 'write'],
          },
        );
      }),
    refuse: ({ asAda, ada, bob }) => asAda.call('consent.get', { persona: ada.did, grantee: bob.did }),
    refusal: 'CONSENT_UNKNOWN',
  },
  'consent.withdraw': {
    succeed: (world) =>
      withAgent(world, async ({ did }, client) => {
        await world.asAda.vault().put({ key: 'lent', content: 1 });
        await world.asAda.vault().grant({ grantee: did, scopes: ['read'] });
        await client.vault(world.ada.did).get({ key: 'lent' });
        await world.asAda.vault().withdraw({ grantee: did });
        await expect(client.vault(world.ada.did).get({ key: 'lent' })).rejects.toMatchObject({
          code: 'CONSENT_REQUIRED',
        });
      }),
    refuse: ({ asAda, bob }) => asAda.vault().withdraw({ grantee: bob.did }),
    refusal: 'CONSENT_UNKNOWN',
  },
};

const logFile = (output: OperationOutput<'audit.tile'>): number =>
  Buffer.from(output.body, 'base64url').length;

const trail: Pick<
  Record<PublicOperationName, OperationCase>,
  Extract<PublicOperationName, `audit.${string}`>
> = {
  'audit.messages': {
    async succeed({ asAda, messageId }) {
      const { items } = await asAda.audit.messages({ limit: 500 });
      expect(items.find((message) => message.messageId === messageId)).toMatchObject({
        payload: { hello: 'Bob' },
      });
    },
    refuse: ({ system }) => impostor(system).audit.messages({}),
    refusal: 'CREDENTIAL_INVALID',
  },
  'audit.events': {
    async succeed({ admin, ada }) {
      const { items } = await admin.audit.events({
        subject: ada.did,
        type: 'concordat.iam.agent.registered.v1',
      });
      expect(items).toHaveLength(1);
    },
    refuse: ({ admin }) => admin.audit.events({ cursor: 'nonsense' }),
    refusal: 'INPUT_INVALID',
  },
  'audit.inclusionProof': {
    async succeed({ admin, eventId, system }) {
      expect(await admin.audit.verify(eventId, { vkey: system.vkey })).toMatchObject({ ok: true });
    },
    refuse: ({ asBob, eventId }) => asBob.audit.inclusion({ eventId }),
    refusal: 'EVENT_UNKNOWN',
  },
  'audit.consistencyProof': {
    succeed: async ({ stranger }) =>
      expect(await stranger.call('audit.consistencyProof', { from: 1, to: 2 })).toMatchObject({
        proof: [expect.any(String)],
      }),
    refuse: ({ stranger }) => stranger.call('audit.consistencyProof', { from: 2, to: 1 }),
    refusal: 'TREE_SIZE_INVALID',
  },
  'audit.checkpoint': {
    succeed: async ({ stranger }) =>
      expect(logFile(await stranger.call('audit.checkpoint', {}))).toBeGreaterThan(100),
    refuse: ({ stranger }) => stranger.call('audit.checkpoint', { nonsense: 1 } as never),
    refusal: 'INPUT_INVALID',
  },
  'audit.key': {
    async succeed({ stranger, system }) {
      const { body } = await stranger.call('audit.key', {});
      expect(Buffer.from(body, 'base64url').toString().trim()).toBe(system.vkey.trim());
    },
    refuse: ({ stranger }) => stranger.call('audit.key', { nonsense: 1 } as never),
    refusal: 'INPUT_INVALID',
  },
  'audit.tile': {
    succeed: async ({ stranger }) =>
      expect(logFile(await stranger.call('audit.tile', { level: '0', index: '000.p/1' }))).toBe(32),
    refuse: ({ stranger }) => stranger.call('audit.tile', { level: '0', index: '999' }),
    refusal: 'NOT_FOUND',
  },
  'audit.entries': {
    succeed: async ({ stranger }) =>
      expect(logFile(await stranger.call('audit.entries', { index: '000.p/1' }))).toBeGreaterThan(2),
    refuse: ({ stranger }) => stranger.call('audit.entries', { index: '999' }),
    refusal: 'NOT_FOUND',
  },
};

/** A success and a refusal for every operation that has a route: the compiler says which one is missing. */
export const operationCases: Readonly<Record<PublicOperationName, OperationCase>> = {
  ...identity,
  ...messaging,
  ...memory,
  ...trail,
};

export const publicOperations = operationList
  .filter(({ http }) => http !== undefined)
  .map(({ name }) => name as PublicOperationName);

/** The process without which an operation cannot be served; undefined for those that the gateway serves from memory. */
export function neededProcess(name: PublicOperationName): string | undefined {
  if (name === 'auth.token') return 'iam-service';
  if (name.startsWith('auth.')) return undefined;
  const { service } = findOperation(name)!;
  return service === 'bus' ? 'redis' : `${service}-service`;
}
