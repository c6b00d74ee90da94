import { join } from 'node:path';
import {
  ConcordatError,
  type EventEnvelope,
  type EventSpec,
  isConcordatError,
  sourceUri,
  toEntryFields,
} from '@concordat/contracts';
import { streamKeys } from './keys';
import type { RedisConnection } from './redis-connection';
import { LuaScript } from './lua-script';

const feedScript = new LuaScript(join(__dirname, 'commands', 'feed-append-2.lua'));

const lengthLimit = 1_000_000;
const queueLimit = 10_000;
const batchLimit = 500;
/** A batch is sent again after a failure until this time has passed; one frozen command takes longer and is the last. */
const resendMs = 1_000;
const resendPauseMs = 50;

export interface FeedEvent {
  readonly spec: EventSpec;
  readonly tenant: string;
  readonly actor: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly correlation: string | null;
  readonly traceparent: string | null;
}

export interface FeedOptions {
  /** A connection of its own: what waits here must not wait behind anything else. */
  readonly redis: RedisConnection;
  /** `vault.feed` */
  readonly source: string;
  /** Stable name of this process. */
  readonly instance: string;
  /** Start of this process, milliseconds since 1970: counters begin anew with it. */
  readonly startedAtMs: number;
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
}

interface Queued {
  readonly fields: readonly string[];
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Events without an aggregate that must be durable before something is answered: audited reads, refusals. What comes in
 * while a batch is on its way forms the next one. An event is fed once, also when the answer of Redis was lost.
 */
export class Feed {
  readonly #queue: Queued[] = [];
  #counter = 0;
  #isSending = false;

  constructor(private readonly options: FeedOptions) {}

  /**
   * Resolves when the event is durable.
   * @throws ConcordatError SERVICE_UNAVAILABLE or OVERLOADED; then nothing that depends on it may be answered
   */
  append(event: FeedEvent): Promise<void> {
    if (this.#queue.length >= queueLimit) return Promise.reject(new ConcordatError('OVERLOADED'));
    const fields = this.#fieldsOf(event);
    return new Promise((resolve, reject) => {
      this.#queue.push({ fields, resolve, reject });
      if (!this.#isSending) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#isSending = true;
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, batchLimit);
      try {
        await this.#send(batch);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        // Those that wait behind would only wait as long again: RedisConnection is away for them too.
        const behind = isConcordatError(error, 'SERVICE_UNAVAILABLE') ? this.#queue.splice(0) : [];
        for (const { reject } of [...batch, ...behind]) reject(error);
      }
    }
    this.#isSending = false;
  }

  /**
   * The counter names the batch, so sending it again after a lost reply adds nothing. A batch that was given up keeps
   * its numbers: it may have arrived.
   */
  async #send(batch: readonly Queued[]): Promise<void> {
    const { redis, source, instance, startedAtMs, now } = this.options;
    const first = this.#counter + 1;
    this.#counter += batch.length;
    const parts = batch.flatMap(({ fields }) => [fields.length, ...fields]);
    const args = [source, now().getTime(), lengthLimit, instance, startedAtMs, first, batch.length, ...parts];
    const begun = now().getTime();
    for (;;) {
      try {
        await feedScript.run(redis, [streamKeys.events(source), streamKeys.head(source)], args);
        return;
      } catch (error) {
        if (!isConcordatError(error, 'SERVICE_UNAVAILABLE') || now().getTime() - begun >= resendMs)
          throw error;
        await this.options.sleep(resendPauseMs);
      }
    }
  }

  #fieldsOf({ spec, tenant, actor, data, correlation, traceparent }: FeedEvent): string[] {
    const checked = spec.data.parse(data);
    const envelope: EventEnvelope = {
      id: '',
      type: spec.type,
      source: sourceUri(this.options.source),
      subject: spec.subject(checked),
      time: this.options.now().toISOString(),
      tenant,
      actor,
      stream: '',
      version: 0,
      correlation,
      traceparent,
      data: JSON.stringify(checked),
      at: { epoch: 0, position: 0 },
      prev: { epoch: 0, position: 0 },
      prevHash: null,
      hash: null,
      signatures: [],
    };
    return withoutFields(toEntryFields(envelope), ['ce_id', 'prev']);
  }
}

/** The script makes these itself, since it alone knows the position. */
function withoutFields(fields: readonly string[], names: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (!names.includes(fields[i]!)) kept.push(fields[i]!, fields[i + 1]!);
  }
  return kept;
}
