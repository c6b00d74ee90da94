import { comparePositions, formatPosition, type Position } from '@concordat/contracts';
import type { Clock, Logger } from '@concordat/runtime';
import type { RedisEventLog } from '@concordat/streams';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Cursors } from '../log/covered';
import type { Alarm } from './alarm';
import type { Lag } from './lag';
import type { Source } from './sources';

const periodMs = 1_000;

export interface HeadWatchPorts {
  readonly sources: readonly Source[];
  readonly log: Pick<RedisEventLog, 'head' | 'beginEpochIfBehind'>;
  /** Up to where each source is in the log. */
  readonly cursors: () => Cursors;
  readonly raise: (alarm: Alarm) => Promise<void>;
  readonly lag: Lag;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Sees how much waits in the sources, and notices within a second when Redis has come back without its newest entries: a source then ends before what the log
 * already holds. A chained source is filled again by its relay; a source whose positions Redis gives out begins a new
 * epoch, so that no position is used twice.
 */
export class HeadWatchJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #alarmed = new Map<string, Position>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();

  constructor(private readonly ports: HeadWatchPorts) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => (this.#round = this.#round.then(() => this.#look())), periodMs);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#round;
  }

  async #look(): Promise<void> {
    const { sources, cursors, logger } = this.ports;
    try {
      const seen = cursors();
      for (const source of sources) {
        const at = seen.get(source.name);
        if (!at) continue;
        const head = (await this.ports.log.head(source.name))?.at;
        this.ports.lag.note(source.name, head, at);
        if (await this.#isBehind(source, head, at)) await this.#alarm(source.name, at);
      }
    } catch (error) {
      logger.debug({ error }, 'the heads of the sources were not read');
    }
  }

  async #isBehind({ name, trusted }: Source, head: Position | undefined, at: Position): Promise<boolean> {
    const { log, clock } = this.ports;
    if (!trusted) return log.beginEpochIfBehind(name, at, clock.nowMs());
    return head !== undefined && comparePositions(head, at) < 0;
  }

  async #alarm(source: string, at: Position): Promise<void> {
    const before = this.#alarmed.get(source);
    if (before && comparePositions(before, at) === 0) return;
    const detail = `${source} ends before ${formatPosition(at)}, which is in the log: Redis lost its newest entries`;
    await this.ports.raise({ kind: 'regressed', source, at, detail });
    this.#alarmed.set(source, at);
  }
}
