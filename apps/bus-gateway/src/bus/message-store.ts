import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  ConcordatError,
  limits,
  type MessageStatus,
  parsePosition,
  type Position,
} from '@concordat/contracts';
import { toBase64url } from '@concordat/crypto';
import type { Clock } from '@concordat/runtime';
import { fromRedisError, LuaScript } from '@concordat/streams';
import type Redis from 'ioredis';
import { inboxName, partitionKeys, partitionOf } from './partition';

const script = (name: string): LuaScript => new LuaScript(join(__dirname, 'commands', `${name}.lua`));
const publishScript = script('publish-message-10');
const fetchScript = script('fetch-inbox-12');
const ackScript = script('ack-messages-6');
const reapScript = script('reap-partition-6');

/** State of a message after its end, for `message.get` and for repeated acknowledgements. */
const keepEndedMs = 86_400_000;
const eventsLimit = 1_000_000;
const reapBatch = 200;
/** Payload handed out by one fetch: the message that reaches it is the last one. */
const fetchBytes = limits.jsonBytes;
const idempotencyMs = limits.idempotencySeconds * 1_000;

export interface OutgoingMessage {
  readonly id: string;
  readonly tenant: string;
  readonly from: string;
  readonly actor: string;
  readonly to: string;
  readonly type: string;
  readonly priority: 'URGENT' | 'HIGH' | 'NORMAL' | 'LOW';
  readonly correlationId: string | undefined;
  readonly replyTo: string | undefined;
  readonly ttlSeconds: number | undefined;
  readonly traceparent: string | null;
  /** RFC 3339 */
  readonly time: string;
  /** JSON text */
  readonly payload: string;
  /** Data of the audit event, JSON text */
  readonly acceptedData: string;
  readonly commandId: string;
  /** Whether the caller named the command, so that a repetition must be recognised. */
  readonly mayComeAgain: boolean;
  /** Hash of the request, to tell a repetition from another one. */
  readonly digest: string;
}

/** A leased message, as Redis keeps it: times in milliseconds, absent values empty. */
export type LeasedMessage = Readonly<
  Record<
    | 'id'
    | 'token'
    | 'attempt'
    | 'from'
    | 'to'
    | 'type'
    | 'priority'
    | 'correlation'
    | 'replyTo'
    | 'time'
    | 'ttlMs'
    | 'traceparent'
    | 'data',
    string
  >
>;

/** What is known of a message also after its end. */
export type MessageState = Pick<
  LeasedMessage,
  'from' | 'to' | 'type' | 'priority' | 'correlation' | 'time' | 'attempt'
> & { readonly status: MessageStatus; readonly deliveredAt?: string };

export interface PublishedMessage {
  readonly id: string;
  readonly partition: number;
  readonly at: Position;
}

export interface FetchRequest {
  readonly tenant: string;
  readonly recipient: string;
  readonly count: number;
  readonly leaseSeconds: number;
  readonly consumer: string;
}

/**
 * Messages in the partitions of the bus. Every change is one Lua script in one slot: state, inbox, lease and audit event
 * change together or not at all, and survive a power cut when Redis runs with `appendfsync always`.
 */
export class MessageStore {
  constructor(
    private readonly redis: Redis,
    private readonly partitions: number,
    private readonly clock: Clock,
  ) {}

  /** @throws ConcordatError IDEMPOTENCY_KEY_REUSED, INBOX_FULL, OVERLOADED, SERVICE_UNAVAILABLE */
  async publish(message: OutgoingMessage): Promise<PublishedMessage> {
    const partition = partitionOf(message.tenant, message.to, this.partitions);
    if (message.mayComeAgain) await this.#claim(message);
    const keys = partitionKeys(partition);
    const inbox = keys.inbox(message.tenant, message.to);
    const names = [
      inbox.lane(message.priority),
      keys.state(message.tenant, message.id),
      keys.idempotency(message.tenant, message.commandId),
      ...[keys.clock, keys.events, keys.head, keys.expiries, keys.doorbell, inbox.count, inbox.due],
    ];
    const reply = await publishScript.run(this.redis, names, [
      ...[message.id, message.digest, message.mayComeAgain ? idempotencyMs : '', limits.inboxMessages],
      eventsLimit,
      ...[
        keys.source,
        this.clock.nowMs(),
        message.time,
        message.tenant,
        message.from,
        message.to,
        message.priority,
      ],
      ...[message.type, message.correlationId ?? '', message.replyTo ?? ''],
      message.ttlSeconds === undefined ? '' : message.ttlSeconds * 1_000,
      ...[
        message.traceparent ?? '',
        message.payload,
        message.acceptedData,
        inboxName(message.tenant, message.to),
        message.actor,
      ],
    ]);
    const [id, at] = reply as [string, string];
    return { id, partition, at: parsePosition(at)! };
  }

  /**
   * The outcome of a command that was carried out before.
   * @throws ConcordatError IDEMPOTENCY_KEY_REUSED, SERVICE_UNAVAILABLE
   */
  async earlier({ tenant, to, commandId, digest }: OutgoingMessage): Promise<PublishedMessage | undefined> {
    const partition = partitionOf(tenant, to, this.partitions);
    const record = await this.redis
      .get(partitionKeys(partition).idempotency(tenant, commandId))
      .catch((error: unknown) => Promise.reject(fromRedisError(error) as Error));
    if (record === null) return undefined;
    const [id, at, before] = record.split(' ') as [string, string, string];
    if (before !== digest) throw new ConcordatError('IDEMPOTENCY_KEY_REUSED');
    return { id, partition, at: parsePosition(at)! };
  }

  /**
   * The record that makes a repetition harmless lies with the message, in the partition of its recipient. A repetition
   * to another recipient would not meet it there; it meets this claim, in the partition of the command.
   */
  async #claim({ tenant, commandId, digest }: OutgoingMessage): Promise<void> {
    if (this.partitions === 1) return;
    const home = partitionOf(tenant, commandId, this.partitions);
    const key = partitionKeys(home).claim(tenant, commandId);
    const before = await this.redis
      .set(key, digest, 'PX', idempotencyMs, 'NX', 'GET')
      .catch((error: unknown) => Promise.reject(fromRedisError(error) as Error));
    if (before !== null && before !== digest) throw new ConcordatError('IDEMPOTENCY_KEY_REUSED');
  }

  /** @throws ConcordatError SERVICE_UNAVAILABLE; messages may then be leased to nobody until the lease ends */
  async fetch({ tenant, recipient, count, leaseSeconds, consumer }: FetchRequest): Promise<LeasedMessage[]> {
    const keys = partitionKeys(partitionOf(tenant, recipient, this.partitions));
    const inbox = keys.inbox(tenant, recipient);
    const names = [
      ...inbox.lanes,
      ...[inbox.due, inbox.turn, keys.leases, keys.expiries, keys.clock, keys.events, keys.head, inbox.count],
    ];
    const tokens = Array.from({ length: count }, () => toBase64url(randomBytes(16)));
    const reply = await fetchScript.run(this.redis, names, [
      ...[count, leaseSeconds * 1_000, consumer, keys.statePrefix(tenant), keys.source, this.clock.nowMs()],
      ...[this.clock.now().toISOString(), `agent:${recipient}`, fetchBytes, ...tokens],
    ]);
    return (reply as string[][]).map((flat) => toRecord(flat) as LeasedMessage);
  }

  /** @returns for each pair whether it is settled now, and the position of the last audit event */
  async ack(
    tenant: string,
    recipient: string,
    pairs: readonly { id: string; secret: string }[],
  ): Promise<{ settled: boolean[]; partition: number; at: Position | undefined }> {
    const partition = partitionOf(tenant, recipient, this.partitions);
    const keys = partitionKeys(partition);
    const names = [
      keys.leases,
      keys.expiries,
      keys.events,
      keys.head,
      keys.clock,
      keys.inbox(tenant, recipient).count,
    ];
    const reply = (await ackScript.run(this.redis, names, [
      ...[
        keys.statePrefix(tenant),
        recipient,
        keepEndedMs,
        keys.source,
        this.clock.nowMs(),
        this.clock.now().toISOString(),
      ],
      ...pairs.flatMap(({ id, secret }) => [id, secret]),
    ])) as (number | string)[];
    const settled = reply.slice(0, -1).map((flag) => flag === 1);
    return { settled, partition, at: parsePosition(String(reply.at(-1))) };
  }

  /** @throws ConcordatError SERVICE_UNAVAILABLE */
  async state(tenant: string, partition: number, id: string): Promise<MessageState | undefined> {
    try {
      const state = await this.redis.hgetall(partitionKeys(partition).state(tenant, id));
      return Object.keys(state).length === 0 ? undefined : (state as unknown as MessageState);
    } catch (error) {
      throw fromRedisError(error);
    }
  }

  /** Ends what has come to its end. @returns counts, and the milliseconds until the next end (-1: nothing is waiting) */
  async reap(partition: number): Promise<{ ended: number; expired: number; failed: number; nextMs: number }> {
    const keys = partitionKeys(partition);
    const names = [keys.leases, keys.expiries, keys.clock, keys.events, keys.head, keys.doorbell];
    const reply = await reapScript.run(this.redis, names, [
      ...[reapBatch, limits.deliveryAttempts, keepEndedMs],
      ...[keys.source, this.clock.nowMs(), this.clock.now().toISOString()],
    ]);
    const [ended, expired, failed, nextMs] = reply as [number, number, number, number];
    return { ended, expired, failed, nextMs };
  }
}

function toRecord(flat: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) record[flat[i]!] = flat[i + 1]!;
  return record;
}
