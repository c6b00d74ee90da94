import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MessageAccepted, MessagesDelivered, MessagesSent } from '@concordat/contracts';
import { busSource, commandNode, Feed, whenReady } from '@concordat/streams';
import { newAgent, plainMessage } from '@concordat/testing';
import { v7 as uuidV7 } from 'uuid';
import type { System } from '../system';

/** Messages that a consumer fetches, and acknowledges, together. */
const together = 10;
export const eventsPerTen = together + 2;
export const payloadBytes = 256;
const partitions = 4;
const underWay = 4_000;
const agentCount = 50;

/** What the bus tells of messages, written where the bus writes it: in the partitions that audit-service follows. */
export interface BusFeeds {
  /** Events of the lives of so many messages: each is accepted, ten together are sent, and acknowledged. */
  publish(messages: number): Promise<void>;
  /** An event of its own. */
  publishOne(): Promise<void>;
  readonly agents: readonly string[];
  /** Correlation ids, one for twenty messages. */
  readonly conversations: readonly string[];
  close(): void;
}

export async function openBusFeeds({ folder }: System): Promise<BusFeeds> {
  const url = readFileSync(join(folder, 'redis', 'url'), 'utf8').trim();
  const redis = commandNode({ url, name: 'bench' });
  await whenReady(redis, 5_000);
  const feeds = Array.from({ length: partitions }, (_, partition) => feedOf(redis, partition));
  const agents = Array.from({ length: agentCount }, () => newAgent().did);
  const conversations: string[] = [];
  const payload = { text: 'x'.repeat(payloadBytes - '{"text":""}'.length) };
  let count = 0;

  const accepted = (partition: number): { id: string; from: string; to: string; appended: Promise<void> } => {
    const number = count++;
    if (number % 20 === 0) conversations.push(`conversation-${uuidV7()}`);
    const correlationId = conversations.at(-1)!;
    const id = `msg-1-${partition}-${uuidV7()}`;
    const from = agents[number % agentCount]!;
    const to = agents[(Math.floor(number / together) * 7 + 1) % agentCount]!;
    const appended = feeds[partition]!.append({
      spec: MessageAccepted,
      ...{ tenant: 'default', actor: `agent:${from}`, correlation: correlationId, traceparent: null },
      data: {
        ...plainMessage,
        messageId: id,
        from,
        to,
        type: 'EVENT',
        priority: 'NORMAL',
        correlationId,
        payload,
      },
    });
    return { id, from, to, appended };
  };

  const lives = (): Promise<void>[] => {
    const partition = Math.floor(count / together) % partitions;
    const messages = Array.from({ length: together }, () => accepted(partition));
    const { to } = messages[0]!;
    const items = messages.map(({ id, from }) => ({ messageId: id, from, attempt: 1 }));
    const event = { tenant: 'default', actor: `agent:${to}`, correlation: null, traceparent: null };
    return [
      ...messages.map(({ appended }) => appended),
      ...[MessagesSent, MessagesDelivered].map((spec) =>
        feeds[partition]!.append({ ...event, spec, data: { to, items } }),
      ),
    ];
  };

  return {
    agents,
    conversations,
    publish: async (messages) => {
      for (let left = messages; left > 0; left -= underWay)
        await Promise.all(Array.from({ length: Math.min(left, underWay) / together }, lives).flat());
    },
    publishOne: () => accepted(0).appended,
    close: () => redis.disconnect(),
  };
}

function feedOf(redis: ReturnType<typeof commandNode>, partition: number): Feed {
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  return new Feed({
    ...{ redis, source: busSource(partition), instance: `bench-${process.pid}` },
    ...{ startedAtMs: Date.now(), now: () => new Date(), sleep },
  });
}
