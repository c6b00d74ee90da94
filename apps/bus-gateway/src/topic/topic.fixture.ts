import type { OperationContext } from '@concordat/runtime';
import { blockingConnection, whenReady } from '@concordat/streams';
import { agentPrincipal, newAgent } from '@concordat/testing';
import { startBusBench, type BusBench } from '../bus/bus.fixture';
import type { Received } from '../bus/bus-driver.fixture';
import { Doorbell } from '../bus/doorbell';
import { type Queue, queueName } from '../bus/queue';
import { subscriptionHandlers, topicHandlers } from './topic.handler';
import { TopicStore } from './topic-store';

export type TopicBench = Awaited<ReturnType<typeof startTopicBench>>;

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** What messages with numbers as payloads say, in no order of theirs. */
export const numbers = (messages: readonly Received[]): number[] =>
  messages.map(({ payload }) => Number(payload)).sort((a, b) => a - b);

export const queueOf = (group = 'g', topic = 'news', tenant = 'default'): Queue & { kind: 'group' } => ({
  ...{ kind: 'group', tenant, topic, group },
});

const one = newAgent().did;

export const contextOf = (tenant = 'default', did = one): OperationContext => ({
  ...{ operation: 'topic.create', commandId: null, minPosition: {}, conversation: null, traceparent: null },
  ...{ address: null, principal: agentPrincipal(did, tenant) },
});

/** The bus with its topics, of which specs use one, `news`, and mostly one group of it, `g`. */
export async function startTopicBench(partitions = 4) {
  const bench = await startBusBench(partitions);
  const blocking = blockingConnection({ url: bench.server.url, name: 'doorbell' });
  await whenReady(blocking, 5_000);
  const doorbell = new Doorbell(blocking, partitions, () => undefined);
  doorbell.onApplicationBootstrap();
  const topics = new TopicStore(bench.redis, bench.store.scripts, partitions);
  const ports = {
    ...{ topics, doorbell, deliveries: bench.store.deliveries },
    ...{ monotonicMs: () => performance.now(), random: () => 0.5 },
  };
  const handlers = { ...topicHandlers(ports), ...subscriptionHandlers(ports) };
  const everywhere = <T>(visit: (partition: number) => Promise<T>): Promise<T[]> =>
    Promise.all(upTo(partitions).map(visit));
  const publish = (n: number, over: Parameters<BusBench['outgoing']>[1] = {}) =>
    bench.store.publish(bench.outgoing('topic:news', { payload: String(n), ...over }));
  const fetch = (group = 'g', consumer = one, count = 100) =>
    bench.store.fetchQueue(queueOf(group), consumer, count, 30);
  return {
    ...{ bench, topics, handlers, everywhere, publish, fetch },
    create: (name = 'news', over: object = {}, tenant?: string) =>
      handlers['topic.create']({ name, ...over }, contextOf(tenant)),
    remove: () => handlers['topic.delete']({ name: 'news' }, contextOf()),
    subscribe: (group = 'g', tenant?: string) =>
      handlers['subscription.put']({ name: 'news', group }, contextOf(tenant)),
    unsubscribe: (group = 'g') => handlers['subscription.delete']({ name: 'news', group }, contextOf()),
    publishAll: (count: number, over: object = {}) => Promise.all(upTo(count).map((n) => publish(n, over))),
    got: async (group?: string) => numbers(await fetch(group)),
    settle: (message: Received, verb: 'ack' | 'release', consumer = one) =>
      bench.store.settle({ ...message, consumer, verb }),
    nack: (message: Received, delayMs = 0) =>
      bench.store.settle({ ...message, consumer: one, verb: 'nack', delayMs, reason: 'no' }),
    later: (seconds: number) =>
      everywhere(async (partition) => {
        await bench.advance(partition, seconds * 1_000);
        return bench.store.sweep(partition);
      }),
    /** Messages that wait or are leased. */
    left: async (group = 'g'): Promise<number> => {
      const name = queueName(queueOf(group));
      const counts = await everywhere((p) => bench.redis.hget(`cc:{bus.${p}}:q:${name}`, 'count'));
      return counts.reduce((sum, count) => sum + Number(count), 0);
    },
    told: async (event: string) =>
      (await everywhere((partition) => bench.life(partition))).flat().filter((life) => life.event === event),
    stop: async (): Promise<void> => {
      await doorbell.onModuleDestroy();
      await bench.stop();
    },
  };
}
