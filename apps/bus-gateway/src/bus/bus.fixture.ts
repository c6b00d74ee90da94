import {
  type EventEnvelope,
  findEvent,
  fromEntryFields,
  origin,
  type Position,
  type Principal,
} from '@concordat/contracts';
import { startRedis, type StartRedisOptions } from '@concordat/processes';
import { type Clock, systemClock } from '@concordat/runtime';
import { ChainCheck, commandNode, placeAfter, streamKeys, whenReady } from '@concordat/streams';
import { agentPrincipal, newAgent } from '@concordat/testing';
import type Redis from 'ioredis';
import { v7 as uuidV7 } from 'uuid';
import { BusDriver } from './bus-driver.fixture';
import { composeMessage, type Send } from './compose-message';
import { partitionKeys, partitionOf } from './partition';
import type { OutgoingMessage } from './publisher';

/** One event in the life of a message, as the audit feed of its partition tells it. */
export interface LifeEvent {
  readonly message: string;
  /** accepted, sent, delivered, returned, failed, expired, replayed or purged */
  readonly event: string;
  readonly attempt: number | undefined;
  readonly replay?: number | undefined;
  readonly tenant: string;
  /** Of the call that did it. */
  readonly traceparent?: string | undefined;
}

export type BusBench = Awaited<ReturnType<typeof startBusBench>>;

/** The bus over a real durable Redis and a real volatile one, without the doors: for specs only. */
export async function startBusBench(partitions = 2, options: StartRedisOptions = {}) {
  const server = await startRedis(options);
  const volatile = await startRedis();
  const connections: Redis[] = [];
  const connect = async (name = 'test', url = server.url): Promise<Redis> => {
    const made = commandNode({ url, name });
    connections.push(made);
    await whenReady(made, 5_000);
    return made;
  };
  const claims = await connect('claims', volatile.url);
  const drive = (durable: Redis, clock: Clock = systemClock): BusDriver =>
    new BusDriver(durable, claims, partitions, clock);
  /** The bus in one database of Redis. */
  const over = (redis: Redis) => ({
    ...{ redis, store: drive(redis) },
    outgoing: (to: string, over: Over = {}) => outgoing(partitions, to, over),
    /** Lets time pass on the clock of a partition; on no other. */
    advance: async (partition: number, ms: number): Promise<void> => {
      const key = partitionKeys(partition).clock;
      const now = Date.now();
      await Promise.all([
        ...(['wall', 'logical'] as const).map((field) => redis.hsetnx(key, field, now)),
        redis.hincrby(key, 'logical', ms),
      ]);
    },
    /** What the wall clock of the machine seems to have been at the last look. */
    jumpWall: (partition: number, ms: number) => redis.hincrby(partitionKeys(partition).clock, 'wall', ms),
    life: (partition: number, after?: Position) => life(redis, partition, after),
  });
  return {
    ...{ server, partitions, connect, ...over(await connect()) },
    inDatabase: async (database: number) => over(await connect('test', `${server.url}/${database}`)),
    /** A gateway of its own: another connection to the same bus. */
    anotherStore: async (clock?: Clock) => drive(await connect(), clock),
    /** A gateway that reaches the bus in another way. */
    storeOver: async (url: string) => drive(await connect('test', url)),
    partitionOf: (to: string, tenant = 'default') => partitionOf(tenant, to, partitions),
    stop: async (): Promise<void> => {
      for (const connection of connections) connection.disconnect();
      await Promise.all([server.stop(), volatile.stop()]);
    },
  };
}

/** A recipient whose inbox lies in the given partition. */
export function recipientIn(partition: number, partitions: number, tenant = 'default'): string {
  for (;;) {
    const { did } = newAgent();
    if (partitionOf(tenant, did, partitions) === partition) return did;
  }
}

/** The inbox of somebody new, and what is done with it. */
export function newInbox(bench: BusBench) {
  const to = newAgent().did;
  const partition = bench.partitionOf(to);
  return {
    ...{ to, partition },
    publish: (over: Over = {}) => bench.store.publish(bench.outgoing(to, over)),
    fetch: (count = 10, leaseSeconds = 30) =>
      bench.store.fetch({ tenant: 'default', recipient: to, count, leaseSeconds }),
    /** Lets time pass, and does what is due then. */
    later: async (seconds: number) => {
      await bench.advance(partition, seconds * 1_000);
      return bench.store.sweep(partition);
    },
    state: (id: string) => bench.store.state('default', partition, id),
  };
}

const sender = newAgent().did;

type Over = Partial<Omit<OutgoingMessage, 'payload'> & Pick<Send, 'type' | 'replyTo'>> & {
  readonly payload?: string;
};

/** A message as the handler makes it; commands are named, so a repetition is recognised. */
export function outgoing(partitions: number, to: string, over: Over): OutgoingMessage {
  const { tenant = 'default', from = sender, type = 'EVENT', priority = 'NORMAL', payload = '{}' } = over;
  const { correlationId, replyTo, ttlSeconds, delaySeconds, key } = over;
  const principal: Principal = agentPrincipal(from, tenant);
  const input = {
    ...{ to: to as Send['to'], type, priority, payload: JSON.parse(payload) as Send['payload'] },
    ...{ correlationId, replyTo, ttlSeconds, delaySeconds, key },
  };
  const commandId = over.commandId ?? `command-${uuidV7()}`;
  // Names of commands are longer than those that the gateway gives; those of specs are short.
  const composed = composeMessage(input, principal, commandId.padEnd(43, '.'), { partitions, schema: null });
  const { replyTo: _, type: __, ...rest } = over;
  return { ...composed, payload, commandId, mayComeAgain: true, ...rest };
}

/**
 * The audit feed of a partition, message by message.
 * @throws Error when it has a gap, or an event that is not as the catalogue says
 */
async function life(redis: Redis, partition: number, after: Position = origin): Promise<LifeEvent[]> {
  const { source } = partitionKeys(partition);
  const news = await readFeed(redis, source, after);
  const { released, problem } = new ChainCheck(source, placeAfter(after), undefined).accept(news);
  if (problem) throw problem;
  return released.flatMap(toLifeEvents);
}

async function readFeed(redis: Redis, source: string, after: Position): Promise<EventEnvelope[]> {
  const entries = await redis.xrange(streamKeys.events(source), `(${after.epoch}-${after.position}`, '+');
  return entries.map(([id, fields]) => fromEntryFields(id, fields));
}

interface Told {
  readonly messageId?: string;
  readonly items?: readonly { messageId: string; attempt: number; replay?: number }[];
}

function toLifeEvents({ type, data, stream, subject, tenant, ...envelope }: EventEnvelope): LifeEvent[] {
  const spec = findEvent(type);
  const checked = spec?.data.parse(JSON.parse(data));
  if (!spec || !checked || subject !== spec.subject(checked))
    throw new Error(`the feed holds ${type} of ${stream}`);
  const event = type.split('.').at(-2)!;
  const common = { event, tenant, traceparent: envelope.traceparent ?? undefined };
  const { messageId, items = [] } = checked as Told;
  if (messageId !== undefined) return [{ ...common, message: messageId, attempt: undefined }];
  return items.map(({ messageId: message, attempt, replay }) => ({ ...common, message, attempt, replay }));
}

export const tokensOf = (messages: readonly { id: string; token: string }[]) =>
  messages.map(({ id, token }) => ({ id, secret: token }));
