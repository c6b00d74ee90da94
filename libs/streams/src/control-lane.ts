import {
  type AlgorithmValue,
  limits,
  type Position,
  positionSchema,
  type Service,
  signatures as signatureList,
} from '@concordat/contracts';
import { type Signer, verifySignatures } from '@concordat/crypto';
import { z } from 'zod';
import type { RedisConnection } from './redis-connection';
import { fromRedisError } from './redis-error';
import { streamKeys } from './keys';

/** Entries kept for gateways that are a moment behind; what is older has no value. */
const keep = 10_000;
/** Large ones are policies, which are rare; kept like the others they could fill the memory of that Redis. */
const largeBytes = 4_096;
const keepLarge = 500;

const controlEntry = z.strictObject({
  /** Start of the publishing process, milliseconds since 1970. */
  incarnation: z.number().int(),
  /** 1, 2, … without gaps within an incarnation. */
  sequence: z.number().int().positive(),
  timeMs: z.number().int(),
  /** Head of the store when the entry was made. */
  head: positionSchema,
  /** What was taken away, or null for a heartbeat. */
  event: z
    .strictObject({
      at: positionSchema,
      tenant: z.string(),
      type: z.string(),
      data: z.record(z.string(), z.unknown()),
    })
    .nullable(),
});
export type ControlEntry = z.infer<typeof controlEntry>;
export type ControlEvent = NonNullable<ControlEntry['event']>;

const signedBytes = (service: Service, body: string): Uint8Array =>
  Buffer.from(`concordat/control/v1\n${service}\n${body}`);

/**
 * The lane of revocations: heartbeats at a steady beat, and whatever takes a right away, ahead of the event stream. Lives
 * on the Redis that stores nothing: it matters now or not at all, since the same events are in the event stream.
 */
export class ControlLanePublisher {
  #sequence = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly options: {
      readonly redis: RedisConnection;
      readonly service: Service;
      readonly signer: Signer;
      readonly startedAtMs: number;
      readonly nowMs: () => number;
    },
  ) {}

  /** @throws ConcordatError SERVICE_UNAVAILABLE; readers then miss heartbeats and refuse */
  publish(head: Position, event: ControlEvent | null): Promise<void> {
    const { redis, service, signer, startedAtMs, nowMs } = this.options;
    const entry: ControlEntry = {
      incarnation: startedAtMs,
      sequence: ++this.#sequence,
      timeMs: nowMs(),
      head,
      event,
    };
    const body = JSON.stringify(entry);
    // One after the other: readers take a gap in the sequence for a loss.
    const sent = this.#last.then(async () => {
      const signatures = JSON.stringify(await signer.sign(signedBytes(service, body)));
      try {
        await redis.xadd(
          streamKeys.control(service),
          'MAXLEN',
          '~',
          body.length < largeBytes ? keep : keepLarge,
          '*',
          'body',
          body,
          'sig',
          signatures,
        );
      } catch (error) {
        throw fromRedisError(error);
      }
    });
    this.#last = sent.catch(() => undefined);
    return sent;
  }
}

export type ControlVerdict =
  { readonly entry: ControlEntry; readonly isContiguous: boolean } | { readonly refused: string };

/** Decides what a reader of the lane may believe: signed by the pinned identity, recent, and newer than the last one. */
export class ControlLaneCheck {
  #incarnation = 0;
  #sequence = 0;

  constructor(
    private readonly service: Service,
    private readonly trusted: readonly AlgorithmValue[],
    private readonly nowMs: () => number,
  ) {}

  accept(body: string, signatures: string): ControlVerdict {
    const parsedSignatures = signatureList.safeParse(safeJson(signatures));
    if (
      !parsedSignatures.success ||
      !verifySignatures(signedBytes(this.service, body), parsedSignatures.data, this.trusted)
    ) {
      return { refused: 'the signature is not by the pinned identity' };
    }
    const entry = controlEntry.parse(JSON.parse(body));
    if (Math.abs(this.nowMs() - entry.timeMs) > limits.clockSkewSeconds * 1_000)
      return { refused: 'the entry is not recent' };
    const isSame = entry.incarnation === this.#incarnation;
    if (entry.incarnation < this.#incarnation || (isSame && entry.sequence <= this.#sequence)) {
      return { refused: 'the entry is a repetition' };
    }
    const isContiguous = isSame && entry.sequence === this.#sequence + 1;
    this.#incarnation = entry.incarnation;
    this.#sequence = entry.sequence;
    return { entry, isContiguous };
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
