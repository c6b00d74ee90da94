import { delegationTokenType } from '@concordat/contracts';
import { Concordat } from '@concordat/sdk';
import { eventually, newAgent } from '@concordat/testing';
import type { agentLife } from './agent-life';
import { type CasesOf, impostor, withAgent, type World } from './world';

/** Ada hands a part of her right to Bob. */
const delegated = ({ asAda, bob }: World) =>
  asAda.delegations.create({ to: bob.did, scopes: ['read'], expiresInSeconds: 600 });

const exchangeOf = (subjectToken: string) => ({
  grantType: 'urn:ietf:params:oauth:grant-type:token-exchange' as const,
  subjectToken,
  subjectTokenType: delegationTokenType as typeof delegationTokenType,
});

type AgentLife = keyof typeof agentLife;

export const identity: Omit<
  CasesOf<'auth' | 'agent' | 'apiKey' | 'delegation' | 'signingKey'>,
  AgentLife | 'auth.login' | 'auth.refresh'
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
  'auth.revoke': {
    succeed: (world) =>
      withAgent(world, async (agent) => {
        const client = world.system.client(agent, 0);
        await client.call('auth.revoke', {});
        // The next call logs in anew.
        expect(await client.whoami()).toMatchObject({ id: agent.did });
      }),
    refuse: ({ system }) => impostor(system).call('auth.revoke', {}),
    refusal: 'CREDENTIAL_INVALID',
  },
  'auth.exchange': {
    async succeed(world) {
      const { ada, bob, system } = world;
      const { id: delegation } = await delegated(world);
      const credential = { secretKey: bob.secretKey, delegation };
      const asBobForAda = new Concordat({ url: system.url(0), credential });
      expect(await asBobForAda.whoami()).toMatchObject({ kind: 'agent', id: ada.did, scopes: ['read'] });
    },
    async refuse(world) {
      const { id } = await delegated(world);
      // Not by the one who gave it away.
      return world.asAda.call('auth.exchange', exchangeOf(id));
    },
    refusal: 'DELEGATION_UNKNOWN',
  },
  'delegation.create': {
    succeed: async (world) =>
      expect(await delegated(world)).toMatchObject({
        owner: world.ada.did,
        to: world.bob.did,
        status: 'active',
      }),
    refuse: ({ asAda, bob }) => asAda.delegations.create({ to: bob.did, scopes: ['admin'] }),
    refusal: 'DELEGATION_TOO_WIDE',
  },
  'delegation.get': {
    async succeed(world) {
      const made = await delegated(world);
      expect(await world.asBob.delegations.get({ id: made.id })).toEqual(made);
    },
    refuse: ({ asBob }) => asBob.delegations.get({ id: `dlg_${'f'.repeat(32)}` }),
    refusal: 'DELEGATION_UNKNOWN',
  },
  'delegation.list': {
    succeed: (world) =>
      withAgent(world, async (agent, client) => {
        const { id } = await client.delegations.create({ to: world.bob.did, scopes: ['read'] });
        const { items } = await client.delegations.list();
        expect(items.map((item) => [item.id, item.owner])).toEqual([[id, agent.did]]);
      }),
    refuse: ({ asBob }) => asBob.delegations.list({ cursor: 'nonsense' }),
    refusal: 'INPUT_INVALID',
  },
  'delegation.revoke': {
    async succeed(world) {
      const { id } = await delegated(world);
      expect(await world.asAda.delegations.revoke({ id })).toMatchObject({ id, status: 'revoked' });
    },
    refuse: ({ asBob }) => asBob.delegations.revoke({ id: `dlg_${'f'.repeat(32)}` }),
    refusal: 'DELEGATION_UNKNOWN',
  },
  'signingKey.rotate': {
    async succeed({ admin, system }) {
      const { kid } = await admin.signingKeys.rotate();
      const listed = async () => (await (await fetch(`${system.url(1)}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] }; // prettier-ignore
      await eventually(async () => expect((await listed()).keys.map((key) => key.kid)).toContain(kid));
    },
    refuse: ({ asBob }) => asBob.signingKeys.rotate(),
    refusal: 'SCOPE_MISSING',
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
    refusal: 'POLICY_DENIED',
  },
  'agent.erase': {
    succeed: (world) =>
      withAgent(world, async ({ did }) => {
        const { receipt } = await world.admin.agents.erase({ did });
        expect(receipt.split('.')).toHaveLength(3);
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
  'apiKey.get': {
    async succeed({ admin }) {
      const { id } = await admin.apiKeys.create({ name: 'ci', scopes: ['read'] });
      expect(await admin.apiKeys.get({ id })).toMatchObject({
        id,
        name: 'ci',
        status: 'active',
        rotatedTo: null,
      });
    },
    refuse: ({ admin }) => admin.apiKeys.get({ id: 'f'.repeat(16) }),
    refusal: 'API_KEY_UNKNOWN',
  },
  'apiKey.list': {
    async succeed({ admin }) {
      const { items } = await admin.apiKeys.list({ status: 'active' });
      expect(items.map(({ name }) => name)).toContain('admin');
      expect(JSON.stringify(items)).not.toContain('hash');
    },
    refuse: ({ asBob }) => asBob.apiKeys.list(),
    refusal: 'SCOPE_MISSING',
  },
  'apiKey.rotate': {
    async succeed({ admin, system }) {
      const old = await admin.apiKeys.create({ name: 'ci', scopes: ['read'] });
      const next = await admin.apiKeys.rotate({ id: old.id, overlapSeconds: 0 });
      expect(next).toMatchObject({ rotatedFrom: old.id, scopes: ['read'] });
      const client = (apiKey: string) => new Concordat({ url: system.url(0), credential: { apiKey } });
      await eventually(async () => expect(await client(next.key).whoami()).toMatchObject({ id: next.id }));
      const before = client(old.key);
      await eventually(() => expect(before.whoami()).rejects.toMatchObject({ code: 'CREDENTIAL_INVALID' }));
    },
    async refuse({ admin }) {
      const { id } = await admin.apiKeys.create({ name: 'ci', scopes: ['read'] });
      await admin.apiKeys.revoke({ id });
      return admin.apiKeys.rotate({ id });
    },
    refusal: 'API_KEY_ENDED',
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
