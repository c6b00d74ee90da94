import { type CasesOf, withAgent } from './world';

export const memory: CasesOf<'memory' | 'consent'> = {
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
