import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EventEnvelope, fromEntryFields } from '@concordat/contracts';
import Redis from 'ioredis';
import type { System } from './system';

type Entry = readonly [id: string, fields: string[]];

/** Reads what a service publishes, from the first entry on, as it comes: what is trimmed later has been seen. */
export class StreamFollower {
  readonly events: EventEnvelope[] = [];
  readonly #redis: Redis;
  #isStopped = false;
  readonly #reading: Promise<void>;

  /** @param key of the stream: `cc:{iam}:events` */
  constructor({ folder }: System, key: string) {
    this.#redis = new Redis(readFileSync(join(folder, 'redis', 'url'), 'utf8').trim());
    this.#reading = this.#follow(key);
  }

  /** Ends after the read that finds nothing more. @throws Error of the connection, or of an entry that is not an event */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#reading;
    this.#redis.disconnect();
  }

  async #follow(key: string): Promise<void> {
    let last = '0-0';
    for (;;) {
      const reply = await this.#redis.xread('COUNT', 1_000, 'BLOCK', 500, 'STREAMS', key, last);
      const entries = (reply?.[0]?.[1] ?? []) as unknown as readonly Entry[];
      this.events.push(...entries.map(([id, fields]) => fromEntryFields(id, fields)));
      last = entries.at(-1)?.[0] ?? last;
      if (entries.length === 0 && this.#isStopped) return;
    }
  }
}
