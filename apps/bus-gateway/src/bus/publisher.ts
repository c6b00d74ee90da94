import { ConcordatError, isErrorCode, limits, parsePosition, type Position } from '@concordat/contracts';
import { fromRedisError, type RedisConnection } from '@concordat/streams';
import { GroupCommit } from './group-commit';
import { feedEvents, keepEndedMs, type PartitionScripts } from './partition-scripts';
import { partitionKeys, partitionOf } from './partition';

/** A message on its way into its partition. */
export interface OutgoingMessage {
  readonly id: string;
  readonly partition: number;
  readonly tenant: string;
  /** Agents by their DID, others as actors. */
  readonly from: string;
  readonly actor: string;
  readonly kind: 'inbox' | 'topic' | 'broadcast';
  /** DID of the inbox, name of the topic, or nothing */
  readonly target: string;
  readonly priority: 'URGENT' | 'HIGH' | 'NORMAL' | 'LOW';
  readonly key: string | undefined;
  readonly delaySeconds: number | undefined;
  readonly ttlSeconds: number | undefined;
  /** JSON object: the data of `MessageAccepted` without the payload */
  readonly head: string;
  /** JSON text */
  readonly payload: string;
  readonly correlationId: string | undefined;
  readonly traceparent: string | null;
  readonly commandId: string;
  /** Whether the caller named the command, so that a repetition must be recognised. */
  readonly mayComeAgain: boolean;
  /** Hash of the request, to tell a repetition from another one; empty when it cannot come again. */
  readonly digest: string;
}

export interface PublishedMessage {
  readonly id: string;
  readonly partition: number;
  /** Of the event that tells of its acceptance. */
  readonly at: Position | undefined;
}

export interface PublisherPorts {
  readonly scripts: PartitionScripts;
  readonly durable: RedisConnection;
  /** The Redis that stores nothing. */
  readonly volatile: RedisConnection;
  readonly partitions: number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Called when messages have been sent to a partition, before it has answered: whoever waits there can follow at once. */
  readonly onSent?: (partition: number, messages: readonly OutgoingMessage[]) => void;
}

const idempotencyMs = limits.messageIdempotencySeconds * 1_000;
/** What may wait for a partition, in characters: ten thousand messages may be of a mebibyte each. */
const waitingWeight = 64 * limits.jsonBytes;
/** A Redis that stores nothing and does not answer by then is not waited for. */
const claimMs = 500;

/**
 * Puts messages into their partitions. What comes to one partition while a call is under way goes there in the next one,
 * so that one fsync serves them all; nothing is acknowledged before its own call is.
 */
export class Publisher {
  readonly #lanes: readonly GroupCommit<OutgoingMessage, PublishedMessage | ConcordatError>[];

  constructor(private readonly ports: PublisherPorts) {
    this.#lanes = Array.from(
      { length: ports.partitions },
      (_, partition) =>
        new GroupCommit((messages) => this.#carry(partition, messages), {
          ...{ most: 256, mostWeight: limits.jsonBytes, calls: 2 },
          ...{ waiting: 10_000, waitingWeight },
          weigh: ({ payload, head }) => payload.length + head.length,
          refuse: () =>
            new ConcordatError('OVERLOADED', 'Too many messages wait for a partition of the bus.'),
        }),
    );
  }

  /** @throws ConcordatError IDEMPOTENCY_KEY_REUSED, INBOX_FULL, TOPIC_UNKNOWN, OVERLOADED, SERVICE_UNAVAILABLE */
  async publish(message: OutgoingMessage): Promise<PublishedMessage> {
    if (message.mayComeAgain) await this.#claim(message);
    const answer = await this.#lanes[message.partition]!.add(message);
    if (answer instanceof ConcordatError) throw answer;
    if (message.kind === 'broadcast') await this.#toOthers(message, answer.id);
    return answer;
  }

  /**
   * The outcome of a command that was carried out before.
   * @throws ConcordatError IDEMPOTENCY_KEY_REUSED, SERVICE_UNAVAILABLE
   */
  async earlier(message: OutgoingMessage): Promise<PublishedMessage | undefined> {
    const { tenant, partition, commandId, digest } = message;
    if (!message.mayComeAgain) return undefined;
    const record = await this.ports.durable
      .get(partitionKeys(partition).idempotency(tenant, commandId))
      .catch((error: unknown) => Promise.reject(fromRedisError(error) as Error));
    const [id, at, before] = record?.split(' ') ?? [];
    if (id === undefined) return undefined;
    if (before !== digest) throw new ConcordatError('IDEMPOTENCY_KEY_REUSED');
    return { id, partition, at: parsePosition(at!) };
  }

  /**
   * A broadcast lies in every partition, and is acknowledged when it is there. A repetition of one that did not come so
   * far goes on under the id that it had.
   */
  async #toOthers(message: OutgoingMessage, id: string): Promise<void> {
    const others = this.#lanes.filter((_, partition) => partition !== message.partition);
    const known = { ...message, id, head: message.head.replace(message.id, id) };
    const answers = await Promise.all(others.map((lane) => lane.add(known)));
    const refusal = answers.find((answer) => answer instanceof ConcordatError);
    if (refusal) throw refusal;
  }

  /**
   * The record that makes a repetition harmless lies with the message, in its partition. A repetition to another
   * recipient would not meet it there; it meets this claim. Only a mistaken caller needs it, so it is not worth an fsync:
   * a Redis that forgets it, or is away, lets such a second message through, and never a repeated one.
   * @throws ConcordatError IDEMPOTENCY_KEY_REUSED
   */
  async #claim({ tenant, commandId, digest }: OutgoingMessage): Promise<void> {
    const key = `cc:{bus.claim.${partitionOf(tenant, commandId, 64)}}:${tenant}:${commandId}`;
    const claimed = this.ports.volatile.set(key, digest, 'PX', idempotencyMs, 'NX', 'GET').catch(() => null);
    const before = await Promise.race([claimed, this.ports.sleep(claimMs).then(() => null)]);
    if (before !== null && before !== digest) throw new ConcordatError('IDEMPOTENCY_KEY_REUSED');
  }

  async #carry(
    partition: number,
    messages: readonly OutgoingMessage[],
  ): Promise<(PublishedMessage | ConcordatError)[]> {
    const args = [limits.inboxMessages, feedEvents, keepEndedMs, idempotencyMs, limits.broadcasts];
    const sent = this.ports.scripts.run('publish', partition, [...args, ...messages.flatMap(argumentsOf)]);
    this.ports.onSent?.(partition, messages);
    return ((await sent) as [string, string, string][]).map((answer) => toAnswer(partition, answer));
  }
}

function toAnswer(
  partition: number,
  [verdict, first, second]: [string, string, string],
): PublishedMessage | ConcordatError {
  if (verdict === 'ok') return { id: first, partition, at: parsePosition(second) };
  return new ConcordatError(isErrorCode(first) ? first : 'INTERNAL', second || undefined);
}

const milliseconds = (seconds: number | undefined): string =>
  seconds === undefined ? '' : String(seconds * 1_000);

/** In the order that publish-messages-1.lua says. */
const argumentsOf = (message: OutgoingMessage): string[] => [
  message.id,
  message.digest,
  message.tenant,
  message.mayComeAgain ? message.commandId : '',
  message.kind,
  message.target,
  message.from,
  message.actor,
  message.priority,
  message.key ?? '',
  milliseconds(message.delaySeconds || undefined),
  milliseconds(message.ttlSeconds),
  message.head,
  message.payload,
  message.correlationId ?? '',
  message.traceparent ?? '',
];
