import { randomUUID } from 'node:crypto';
import { type CasesOf, withAgent, type World } from './world';

/** A topic of its own with a group in which a message waits. */
async function withWaiting({ asAda, admin }: World, then: (name: `topic:${string}`) => Promise<void>) {
  const topic = `t-${randomUUID()}`;
  await asAda.topics.create({ name: topic });
  await asAda.subscriptions.put({ name: topic, group: 'workers' });
  await asAda.messages.send({ to: `topic:${topic}`, type: 'EVENT', payload: 1 });
  await then(`topic:${topic}`);
  await admin.topics.delete({ name: topic }).catch(() => undefined);
}

export const monitoring: CasesOf<'stream'> = {
  'stream.list': {
    succeed: async ({ admin, asBob }) => {
      const { items } = await admin.streams.list({ limit: 500 });
      expect(items).toContainEqual(expect.objectContaining({ name: 'feed:bus.0', kind: 'feed' }));
      expect((await asBob.streams.list()).items[0]).toMatchObject({ name: 'inbox', kind: 'inbox' });
    },
    refuse: ({ stranger }) => stranger.streams.list(),
    refusal: 'CREDENTIAL_MISSING',
  },
  'stream.get': {
    succeed: (world) =>
      withWaiting(world, async (name) =>
        expect(await world.asBob.streams.get({ name })).toMatchObject({
          ...{ name, kind: 'topic', groups: 1, waiting: 1, leased: 0, deadLetters: 0, consumers: 0 },
        }),
      ),
    refuse: ({ asBob }) => asBob.streams.get({ name: 'feed:iam' }),
    refusal: 'STREAM_UNKNOWN',
  },
  'stream.groups': {
    succeed: (world) =>
      withAgent(world, async ({ did }) => {
        await withWaiting(world, async (name) =>
          expect((await world.asBob.streams.groups({ name })).items).toMatchObject([
            { stream: name, group: 'workers', waiting: 1, leased: 0 },
          ]),
        );
        const name = `inbox:${did}` as const;
        expect((await world.admin.streams.groups({ name })).items).toMatchObject([
          { group: did, waiting: 0 },
        ]);
      }),
    refuse: ({ asBob, ada }) => asBob.streams.groups({ name: `inbox:${ada.did}` }),
    refusal: 'STREAM_UNKNOWN',
  },
};
