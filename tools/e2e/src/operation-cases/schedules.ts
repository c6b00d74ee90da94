import { type CasesOf, impostor, type World } from './world';

const nobodys = { id: `sch_${'f'.repeat(32)}` };
/** Not while the tests run. */
const later = { cron: '0 0 1 1 *' };

const withSchedule = async ({ asAda, bob }: World, then: (id: string) => Promise<void>): Promise<void> => {
  const message = { to: bob.did, type: 'EVENT' as const, payload: 'scheduled' };
  const { id } = await asAda.schedules.create({ message, ...later });
  await then(id);
  await asAda.schedules.delete({ id });
};

export const schedules: CasesOf<'schedule'> = {
  'schedule.create': {
    succeed: async ({ asAda, asBob, ada, bob }) => {
      const message = { to: bob.did, type: 'EVENT' as const, payload: 'scheduled' };
      const at = new Date(Date.now() + 1_000).toISOString();
      const made = await asAda.schedules.create({ message, at });
      expect(made).toMatchObject({ owner: `agent:${ada.did}`, status: 'active', nextAt: at });
      for (let found = false; !found;) {
        const { items } = await asBob.inbox.fetch({ count: 100, waitSeconds: 5 });
        found = items.some(({ payload }) => payload === 'scheduled');
        if (items.length > 0)
          await asBob.inbox.ack({ tokens: items.map(({ deliveryToken }) => deliveryToken) });
      }
    },
    refuse: ({ asAda, bob }) =>
      asAda.schedules.create({ message: { to: bob.did, type: 'EVENT', payload: 1 }, cron: '0 25 * * *' }),
    refusal: 'SCHEDULE_TIME_INVALID',
  },
  'schedule.get': {
    succeed: (world) =>
      withSchedule(world, async (id) =>
        expect(await world.asAda.schedules.get({ id })).toMatchObject({
          id,
          message: { payload: 'scheduled' },
        }),
      ),
    refuse: ({ asBob }) => asBob.schedules.get(nobodys),
    refusal: 'SCHEDULE_UNKNOWN',
  },
  'schedule.list': {
    succeed: (world) =>
      withSchedule(world, async (id) => {
        const { items } = await world.asAda.schedules.list({ limit: 500 });
        expect(items).toContainEqual(expect.objectContaining({ id, ...later }));
        expect((await world.asBob.schedules.list({ limit: 500 })).items).toEqual([]);
      }),
    refuse: ({ system }) => impostor(system).schedules.list(),
    refusal: 'CREDENTIAL_INVALID',
  },
  'schedule.resume': {
    succeed: (world) =>
      withSchedule(world, async (id) =>
        expect(await world.asAda.schedules.resume({ id })).toMatchObject({ id, status: 'active' }),
      ),
    refuse: ({ asBob }) => asBob.schedules.resume(nobodys),
    refusal: 'SCHEDULE_UNKNOWN',
  },
  'schedule.delete': {
    succeed: (world) => withSchedule(world, () => Promise.resolve()),
    refuse: ({ asBob }) => asBob.schedules.delete(nobodys),
    refusal: 'SCHEDULE_UNKNOWN',
  },
};
