import { type Concordat, type OperationOutput, proveNewKey } from '@concordat/sdk';
import { eventually, newAgent, rotation, type TestAgent } from '@concordat/testing';
import { type CasesOf, withAgent, type World } from './world';

type Identity = OperationOutput<'agent.get'>;

/** A managed identity (did:web) for one case only. */
async function withManaged(
  { admin }: World,
  then: (identity: Identity, agent: TestAgent) => Promise<void>,
): Promise<void> {
  const agent = newAgent();
  const facts = { name: 'managed', type: 'SERVICE', didMethod: 'web' as const };
  await then(await admin.agents.register({ ...facts, publicKey: agent.publicKeyText }), agent);
}

const documentOf = async (client: Concordat, did: string): Promise<unknown> =>
  JSON.parse(Buffer.from((await client.agents.document({ did })).body, 'base64url').toString());

type LifeCases = Omit<
  CasesOf<'agent' | 'agentType' | 'did'>,
  'agent.register' | 'agent.get' | 'agent.list' | 'agent.revoke' | 'agent.erase'
>;

export const agentLife: LifeCases = {
  'agent.update': {
    succeed: (world) =>
      withAgent(world, async ({ did }, client) => {
        expect(await client.agents.update({ did, name: 'By itself' })).toMatchObject({ name: 'By itself' });
        const changed = await world.admin.agents.update({ did, controllerDid: world.ada.did });
        expect(changed).toMatchObject({ controllerDid: world.ada.did, version: 3 });
      }),
    refuse: ({ asBob, ada }) => asBob.agents.update({ did: ada.did, name: 'x' }),
    refusal: 'POLICY_DENIED',
  },
  'agent.suspend': {
    succeed: (world) =>
      withAgent(world, async ({ did }, client) => {
        await client.login();
        await world.admin.agents.suspend({ did, reason: 'odd' });
        await eventually(() =>
          expect(client.whoami()).rejects.toMatchObject({ code: expect.stringMatching(/INVALID|REFUSED/) }),
        );
      }),
    refuse: ({ asBob, ada }) => asBob.agents.suspend({ did: ada.did }),
    refusal: 'POLICY_DENIED',
  },
  'agent.resume': {
    succeed: (world) =>
      withAgent(world, async ({ did }, client) => {
        await world.admin.agents.suspend({ did });
        expect(await world.admin.agents.resume({ did })).toMatchObject({ status: 'active' });
        await eventually(async () => expect(await client.whoami()).toMatchObject({ id: did }));
      }),
    refuse: ({ asBob, bob }) => asBob.agents.resume({ did: bob.did }),
    refusal: 'POLICY_DENIED',
  },
  'agent.rotateKey': {
    succeed: (world) =>
      withManaged(world, async ({ did, authKeyId }, old) => {
        const next = newAgent();
        const input = proveNewKey({ did, oldKeyId: authKeyId, secretKey: next.secretKey });
        expect(await world.admin.agents.rotateKey(input)).toMatchObject({ did, version: 2 });
        await expect(world.system.client({ ...old, did }, 1).login()).rejects.toMatchObject({
          code: 'HANDSHAKE_REFUSED',
        });
        expect(await world.system.client({ ...next, did }, 1).whoami()).toMatchObject({ id: did });
      }),
    refuse: ({ asAda, ada }) => asAda.agents.rotateKey(rotation(ada.did, 'k', newAgent())),
    refusal: 'DID_KEY_FIXED',
  },
  'agent.verify': {
    succeed: (world) =>
      withAgent(world, async ({ did }) => {
        expect(await world.admin.agents.verify({ did, statement: 'met' })).toMatchObject({ verified: true });
        const withdrawn = await world.admin.agents.verify({ did, statement: 'gone', withdraw: true });
        expect(withdrawn).toMatchObject({ verified: false });
      }),
    refuse: ({ asBob, bob }) => asBob.agents.verify({ did: bob.did, statement: 'trust me' }),
    refusal: 'POLICY_DENIED',
  },
  'agent.keys': {
    succeed: async ({ asBob, ada }) =>
      expect(await asBob.agents.keys({ did: ada.did })).toMatchObject({ items: [{ validUntil: null }] }),
    refuse: ({ asBob }) => asBob.agents.keys({ did: newAgent().did }),
    refusal: 'AGENT_UNKNOWN',
  },
  'agent.document': {
    succeed: async ({ asBob, ada }) =>
      expect(await documentOf(asBob, ada.did)).toMatchObject({
        id: ada.did,
        authentication: [expect.stringContaining('#')],
      }),
    refuse: ({ asBob }) => asBob.agents.document({ did: newAgent().did }),
    refusal: 'AGENT_UNKNOWN',
  },
  'did.resolve': {
    succeed: (world) =>
      withManaged(world, async ({ did }) => {
        const [tenant, id] = did.split(':').slice(-2) as [string, string];
        await eventually(async () => {
          const { body } = await world.stranger.call('did.resolve', { tenant, id });
          expect(JSON.parse(Buffer.from(body, 'base64url').toString())).toMatchObject({ id: did });
        });
      }),
    refuse: ({ stranger, ada }) => stranger.call('did.resolve', { tenant: 'default', id: ada.did }),
    refusal: 'NOT_FOUND',
  },
  'agentType.define': {
    succeed: async ({ admin }) => {
      const input = { name: 'E2E_ROBOT', description: 'Moves' };
      expect(await admin.agentTypes.define(input)).toMatchObject({ ...input, isBuiltIn: false });
      const publicKey = newAgent().publicKeyText;
      expect(await admin.agents.register({ name: 'r', type: 'E2E_ROBOT', publicKey })).toMatchObject({
        type: 'E2E_ROBOT',
      });
    },
    refuse: ({ admin }) => admin.agentTypes.define({ name: 'CLAUDE' }),
    refusal: 'INPUT_INVALID',
  },
  'agentType.list': {
    succeed: async ({ asBob }) => {
      const { items } = await asBob.agentTypes.list();
      expect(items.map(({ name }) => name)).toContain('CLAUDE');
    },
    refuse: ({ stranger }) => stranger.agentTypes.list(),
    refusal: 'CREDENTIAL_MISSING',
  },
  'agentType.remove': {
    succeed: async ({ admin }) => {
      await admin.agentTypes.define({ name: 'E2E_PASSING' });
      expect(await admin.agentTypes.remove({ name: 'E2E_PASSING' })).toMatchObject({ name: 'E2E_PASSING' });
    },
    refuse: ({ admin }) => admin.agentTypes.remove({ name: 'NEVER_DEFINED' }),
    refusal: 'AGENT_TYPE_UNKNOWN',
  },
};
