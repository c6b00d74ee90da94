import {
  type EventEnvelope,
  findEvent,
  fromEntryFields,
  MessageAccepted,
  origin,
  type Position,
} from '@concordat/contracts';
import { sha256, toBase64url } from '@concordat/crypto';
import { startRedis } from '@concordat/processes';
import { type Clock, systemClock } from '@concordat/runtime';
import { ChainCheck, commandConnection, placeAfter, streamKeys, whenReady } from '@concordat/streams';
import { newAgent } from '@concordat/testing';
import type Redis from 'ioredis';
import { v7 as uuidV7 } from 'uuid';
import { type LeasedMessage, MessageStore, type OutgoingMessage } from './message-store';
import { messageIdIn, partitionKeys, partitionOf } from './partition';

/** One event in the life of a message, as the audit feed of its partition tells it. */
export interface LifeEvent {
  readonly message: string;
  /** accepted, sent, delivered, failed or expired */
  readonly event: string;
  readonly attempt: number | undefined;
  readonly tenant: string;
}

export type BusBench = Awaited<ReturnType<typeof startBusBench>>;

/** The bus over a real durable Redis, without the doors: for specs only. */
export async function startBusBench(partitions = 2, maxMemoryBytes?: number) {
  const server = await startRedis(maxMemoryBytes === undefined ? {} : { maxMemoryBytes });
  const connections: Redis[] = [];
  const connect = async (name = 'test'): Promise<Redis> => {
    const made = commandConnection({ url: server.url, name });
    connections.push(made);
    await whenReady(made, 5_000);
    return made;
  };
  const redis = await connect();
  return {
    server,
    redis,
    partitions,
    connect,
    store: new MessageStore(redis, partitions, systemClock),
    /** A gateway of its own: another connection to the same bus. */
    anotherStore: async (clock: Clock = systemClock) => new MessageStore(await connect(), partitions, clock),
    outgoing: (to: string, over: Partial<OutgoingMessage> = {}) => outgoing(partitions, to, over),
    partitionOf: (to: string, tenant = 'default') => partitionOf(tenant, to, partitions),
    /** Lets time pass on the clock of a partition; on no other. */
    advance: async (partition: number, ms: number): Promise<void> => {
      const key = partitionKeys(partition).clock;
      const now = Date.now();
      await redis.hsetnx(key, 'wall', now);
      await redis.hsetnx(key, 'logical', now);
      await redis.hincrby(key, 'logical', ms);
    },
    /** What the wall clock of the machine seems to have been at the last look. */
    jumpWall: (partition: number, ms: number) => redis.hincrby(partitionKeys(partition).clock, 'wall', ms),
    life: (partition: number, after?: Position) => life(redis, partition, after),
    stop: async (): Promise<void> => {
      for (const connection of connections) connection.disconnect();
      await server.stop();
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

const sender = newAgent().did;

function outgoing(partitions: number, to: string, over: Partial<OutgoingMessage>): OutgoingMessage {
  const { tenant = 'default', from = sender, type = 'EVENT', priority = 'NORMAL', payload = '{}' } = over;
  const id = messageIdIn(partitionOf(tenant, to, partitions), uuidV7());
  const accepted = { messageId: id, to, from, type, priority, payload: JSON.parse(payload) as unknown };
  const data = MessageAccepted.data.parse({
    ...{ ...accepted, correlationId: over.correlationId ?? null, replyTo: over.replyTo ?? null },
    ttlSeconds: over.ttlSeconds ?? null,
  });
  return {
    ...{ id, tenant, from, to, type, priority, payload },
    actor: `agent:${from}`,
    correlationId: undefined,
    replyTo: undefined,
    ttlSeconds: undefined,
    traceparent: null,
    time: new Date().toISOString(),
    acceptedData: JSON.stringify(data),
    commandId: `command ${id}`,
    mayComeAgain: true,
    digest: toBase64url(sha256(to, payload)),
    ...over,
  };
}

export const tokensOf = (messages: readonly LeasedMessage[]) =>
  messages.map(({ id, token }) => ({ id, secret: token }));

/**
 * The audit feed of a partition.
 * @throws Error when it has a gap, or an event that is not as the catalogue says
 */
async function life(redis: Redis, partition: number, after: Position = origin): Promise<LifeEvent[]> {
  const { source } = partitionKeys(partition);
  const envelopes = await readFeed(redis, source);
  const news = envelopes.filter(({ at }) => at.epoch > after.epoch || at.position > after.position);
  const { released, problem } = new ChainCheck(source, placeAfter(after), undefined).accept(news);
  if (problem) throw problem;
  return released.map(toLifeEvent);
}

async function readFeed(redis: Redis, source: string): Promise<EventEnvelope[]> {
  const entries = await redis.xrange(streamKeys.events(source), '-', '+');
  return entries.map(([id, fields]) => fromEntryFields(id, fields));
}

function toLifeEvent({ type, data, stream, subject, tenant }: EventEnvelope): LifeEvent {
  const spec = findEvent(type);
  const checked = spec?.data.parse(JSON.parse(data)) as
    { messageId: string; from: string; attempt?: number } | undefined;
  if (!checked || stream !== `message/${checked.messageId}` || subject !== checked.from)
    throw new Error(`the feed holds ${type} of ${stream}`);
  const event = type.split('.').at(-2)!;
  return { message: checked.messageId, event, attempt: checked.attempt, tenant };
}
