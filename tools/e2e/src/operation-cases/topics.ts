import { randomUUID } from 'node:crypto';
import { limits } from '@concordat/contracts';
import type { Concordat } from '@concordat/sdk';
import { type CasesOf, withAgent, type World } from './world';

const unknown = { name: 'no-such-topic' };

/** A topic of its own with a group. */
async function withTopic(
  { asAda, admin }: World,
  then: (topic: { name: string; group: string }) => Promise<void>,
): Promise<void> {
  const topic = { name: `t-${randomUUID()}`, group: 'workers' };
  await asAda.topics.create({ name: topic.name });
  await asAda.subscriptions.put(topic);
  await then(topic);
  await admin.topics.delete({ name: topic.name }).catch(() => undefined);
}

export const topics: CasesOf<'topic' | 'subscription'> = {
  'topic.create': {
    succeed: async ({ asAda }) =>
      expect(await asAda.topics.create({ name: 'orders', description: 'Placed orders' })).toMatchObject({
        ...{ name: 'orders', description: 'Placed orders' },
      }),
    refuse: ({ asAda }) => asAda.topics.create({ name: 'a:b' }),
    refusal: 'INPUT_INVALID',
  },
  'topic.get': {
    succeed: (world) =>
      withTopic(world, async ({ name }) =>
        expect(await world.asBob.topics.get({ name })).toMatchObject({ name, description: null }),
      ),
    refuse: ({ asBob }) => asBob.topics.get(unknown),
    refusal: 'TOPIC_UNKNOWN',
  },
  'topic.list': {
    succeed: (world) =>
      withTopic(world, async ({ name }) => {
        const { items } = await world.asBob.topics.list({ limit: 500 });
        expect(items.map((topic) => topic.name)).toContain(name);
      }),
    refuse: ({ stranger }) => stranger.topics.list(),
    refusal: 'CREDENTIAL_MISSING',
  },
  'topic.delete': {
    succeed: (world) =>
      withTopic(world, async ({ name }) => {
        await world.asAda.messages.send({ to: `topic:${name}`, type: 'EVENT', payload: 1 });
        expect(await world.admin.topics.delete({ name })).toEqual({ name, purged: 1 });
      }),
    refuse: ({ asAda }) => asAda.topics.delete(unknown),
    refusal: 'SCOPE_MISSING',
  },
  'subscription.put': {
    succeed: (world) =>
      withTopic(world, async ({ name }) =>
        expect(await world.asBob.subscriptions.put({ name, group: 'others' })).toMatchObject({
          ...{ topic: name, group: 'others' },
        }),
      ),
    refuse: ({ asBob }) => asBob.subscriptions.put({ ...unknown, group: 'g' }),
    refusal: 'TOPIC_UNKNOWN',
  },
  'subscription.list': {
    succeed: (world) =>
      withTopic(world, async ({ name, group }) =>
        expect((await world.asBob.subscriptions.list({ name })).items).toMatchObject([
          { topic: name, group },
        ]),
      ),
    refuse: ({ asBob }) => asBob.subscriptions.list(unknown),
    refusal: 'TOPIC_UNKNOWN',
  },
  'subscription.fetch': {
    succeed: (world) =>
      withTopic(world, async (topic) => {
        const to = `topic:${topic.name}` as const;
        const { id } = await world.asAda.messages.send({ to, type: 'EVENT', payload: { n: 1 } });
        const { items } = await world.asBob.subscriptions.fetch({ ...topic, waitSeconds: 5 });
        expect(items).toMatchObject([{ id, to, from: world.ada.did, payload: { n: 1 } }]);
        await world.asBob.inbox.ack({ tokens: [items[0]!.deliveryToken] });
        expect(await world.asAda.messages.get({ id })).toMatchObject({
          ...{ status: 'DELIVERED', recipients: { open: 0, delivered: 1 } },
        });
      }),
    refuse: (world) => world.asBob.subscriptions.fetch({ ...unknown, group: 'g' }),
    refusal: 'TOPIC_UNKNOWN',
  },
  'subscription.delete': {
    succeed: (world) =>
      withTopic(world, async ({ name, group }) =>
        expect(await world.admin.subscriptions.delete({ name, group })).toEqual({
          ...{ topic: name, group, purged: 0 },
        }),
      ),
    refuse: ({ admin }) => admin.subscriptions.delete({ ...unknown, group: 'g' }),
    refusal: 'TOPIC_UNKNOWN',
  },
};

/** An agent with a dead letter of its own. */
const withDeadLetter = (
  world: World,
  then: (id: string, client: Concordat) => Promise<void>,
): Promise<void> =>
  withAgent(world, async ({ did }, client) => {
    const { asAda, admin } = world;
    const message = { to: did, type: 'QUERY' as const, payload: { poison: true } };
    const { id } = await asAda.messages.send(message, { minPosition: admin.positions });
    for (let attempt = 1; attempt <= limits.deliveryAttempts; attempt++) {
      const { items } = await client.inbox.fetch({ waitSeconds: 5 });
      await client.inbox.nack({ token: items[0]!.deliveryToken, delaySeconds: 0, reason: 'It is poison.' });
    }
    await then(id, client);
  });

const absent = 'msg-1-0-01890000-0000-7000-8000-000000000000';

export const deadLetters: CasesOf<'deadLetter'> = {
  'deadLetter.list': {
    succeed: (world) =>
      withDeadLetter(world, async (id, client) => {
        const { items } = await client.deadLetters.list({ error: 'POISON' });
        expect(items).toMatchObject([{ id, error: 'It is poison.', attempts: limits.deliveryAttempts }]);
        expect(await world.asAda.messages.get({ id })).toMatchObject({ status: 'FAILED' });
      }),
    refuse: ({ stranger }) => stranger.deadLetters.list(),
    refusal: 'CREDENTIAL_MISSING',
  },
  'deadLetter.get': {
    succeed: (world) =>
      withDeadLetter(world, async (id, client) =>
        expect(await client.deadLetters.get({ id })).toMatchObject({ id, payload: { poison: true } }),
      ),
    refuse: ({ admin }) => admin.deadLetters.get({ id: absent }),
    refusal: 'DEAD_LETTER_UNKNOWN',
  },
  'deadLetter.replay': {
    succeed: (world) =>
      withDeadLetter(world, async (id, client) => {
        const preview = await client.deadLetters.replay({ ids: [id], dryRun: true });
        expect(preview).toMatchObject({ items: [{ id }], dryRun: true });
        expect(await client.deadLetters.replay({ ids: [id] })).toMatchObject({ items: [{ id }] });
        expect((await client.inbox.fetch({ waitSeconds: 5 })).items).toMatchObject([{ id, attempt: 1 }]);
      }),
    refuse: ({ asAda }) => asAda.deadLetters.replay({}),
    refusal: 'DEAD_LETTER_FILTER_MISSING',
  },
  'deadLetter.purge': {
    succeed: (world) =>
      withDeadLetter(world, async (id, client) => {
        expect(await client.deadLetters.purge({ id })).toMatchObject({ items: [{ id }], dryRun: false });
        expect((await client.deadLetters.list()).items).toEqual([]);
      }),
    refuse: ({ asAda }) => asAda.deadLetters.purge({}),
    refusal: 'DEAD_LETTER_FILTER_MISSING',
  },
};
