import { eventually } from '@concordat/testing';
import { type CasesOf, type World, withAgent } from './world';

let written = 0;

/** A policy that denies one operation to one agent, so that no other case meets it. */
const newPolicy = (did: string, action: string) => ({
  id: `case-${process.pid}-${++written}`,
  description: 'Of a test.',
  rules: [{ id: 'closed', effect: 'deny' as const, actions: [action], subjects: { ids: [`agent:${did}`] } }],
});
const withPolicy = async ({ admin, bob }: World, then: (id: string) => Promise<void>): Promise<void> => {
  const { id } = await admin.policies.put(newPolicy(bob.did, 'agent.erase'));
  await then(id);
};
const lockOut = {
  id: 'locks-out',
  description: 'Of a test.',
  rules: [{ id: 'all', effect: 'deny' as const, actions: ['policy.*'] }],
};

export const policies: CasesOf<'policy'> = {
  'policy.put': {
    succeed: (world) =>
      withAgent(world, async (agent) => {
        const { admin, system } = world;
        const policy = newPolicy(agent.did, 'agent.list');
        const clients = ([0, 1] as const).map((door) => system.client(agent, door));
        for (const client of clients)
          await eventually(async () => expect((await client.agents.list()).items).not.toEqual([]));
        expect(await admin.policies.put(policy)).toMatchObject({ id: policy.id, version: 1 });
        for (const client of clients)
          await eventually(() =>
            expect(client.agents.list()).rejects.toMatchObject({ code: 'POLICY_DENIED' }),
          );
        await admin.policies.remove({ id: policy.id });
      }),
    refuse: ({ admin }) => admin.policies.put(lockOut),
    refusal: 'POLICY_LOCKS_OUT',
  },
  'policy.dryRun': {
    async succeed({ admin }) {
      const { changes, results } = await admin.policies.dryRun(lockOut);
      expect(changes.map(({ action }) => action)).toContain('policy.put');
      expect(results.every(({ passed }) => passed)).toBe(true);
    },
    refuse: ({ asBob }) => asBob.policies.dryRun(lockOut),
    refusal: 'SCOPE_MISSING',
  },
  'policy.get': {
    succeed: (world) =>
      withPolicy(world, async (id) =>
        expect(await world.admin.policies.get({ id })).toMatchObject({ id, version: 1 }),
      ),
    refuse: ({ admin }) => admin.policies.get({ id: 'never-written' }),
    refusal: 'POLICY_UNKNOWN',
  },
  'policy.list': {
    succeed: (world) =>
      withPolicy(world, async (id) => {
        const { items } = await world.admin.policies.list({ limit: 500 });
        expect(items.map((policy) => policy.id)).toEqual(expect.arrayContaining(['builtin-admin', id]));
      }),
    refuse: ({ asBob }) => asBob.policies.list(),
    refusal: 'POLICY_DENIED',
  },
  'policy.remove': {
    succeed: (world) =>
      withPolicy(world, async (id) => {
        await world.admin.policies.remove({ id });
        await expect(world.admin.policies.get({ id })).rejects.toMatchObject({ code: 'POLICY_UNKNOWN' });
      }),
    refuse: ({ admin }) => admin.policies.remove({ id: 'never-written' }),
    refusal: 'POLICY_UNKNOWN',
  },
  'policy.check': {
    async succeed({ admin, bob }) {
      const subject = { kind: 'agent' as const, id: bob.did, scopes: ['read' as const] };
      const { allow, explain } = await admin.policies.check({ subject, action: 'agent.erase' });
      expect(allow).toBe(false);
      expect(explain.length).toBeGreaterThan(0);
    },
    refuse: ({ asBob, ada }) =>
      asBob.policies.check({ subject: { kind: 'agent', id: ada.did }, action: 'agent.get' }),
    refusal: 'POLICY_DENIED',
  },
};
