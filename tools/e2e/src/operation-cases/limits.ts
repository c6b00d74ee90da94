import { eventually, newAgent } from '@concordat/testing';
import { type CasesOf, withAgent, type World } from './world';

const withLimit = async ({ admin }: World, then: (id: string) => Promise<void>): Promise<void> => {
  const { did: id } = newAgent();
  await admin.limits.put({ kind: 'agent', id, requestsPerSecond: 7 });
  await then(id);
  await admin.limits.delete({ kind: 'agent', id }).catch(() => undefined);
};
const nobody = (): { kind: 'agent'; id: string } => ({ kind: 'agent', id: newAgent().did });

export const limits: CasesOf<'limit'> = {
  'limit.put': {
    succeed: (world) =>
      withAgent(world, async (agent) => {
        const { admin, bob, system } = world;
        const subject = { kind: 'agent', id: agent.did } as const;
        const client = system.client(agent, 0);
        const send = () =>
          client.messages.send({ to: bob.did, type: 'EVENT', payload: 1 }, { minPosition: admin.positions });
        await send();
        // Set through one gateway, in force at the other.
        expect(await admin.limits.put({ ...subject, messagesPerDay: 1 })).toMatchObject({ burst: null });
        await eventually(() => expect(send().then(send)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' }));
        await admin.limits.delete(subject);
      }),
    refuse: ({ asBob, bob }) =>
      asBob.limits.put({ kind: 'agent', id: bob.did, requestsPerSecond: 1_000_000 }),
    refusal: 'SCOPE_MISSING',
  },
  'limit.get': {
    succeed: (world) =>
      withLimit(world, async (id) =>
        expect(await world.admin.limits.get({ kind: 'agent', id })).toMatchObject({ requestsPerSecond: 7 }),
      ),
    refuse: ({ admin }) => admin.limits.get(nobody()),
    refusal: 'LIMIT_UNKNOWN',
  },
  'limit.list': {
    succeed: (world) =>
      withLimit(world, async (limited) => {
        const { items } = await world.admin.limits.list({ limit: 500 });
        expect(items.map(({ id }) => id)).toContain(limited);
      }),
    refuse: ({ asBob }) => asBob.limits.list(),
    refusal: 'SCOPE_MISSING',
  },
  'limit.delete': {
    succeed: (world) =>
      withLimit(world, async (id) => {
        await world.admin.limits.delete({ kind: 'agent', id });
        await expect(world.admin.limits.get({ kind: 'agent', id })).rejects.toMatchObject({
          code: 'LIMIT_UNKNOWN',
        });
      }),
    refuse: ({ admin }) => admin.limits.delete(nobody()),
    refusal: 'LIMIT_UNKNOWN',
  },
};
