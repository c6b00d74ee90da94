import type { CheckResult, Clock, Logger } from '@concordat/runtime';
import type { Anomaly } from '@concordat/contracts';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { OwnEvents } from '../own-event/own-events';
import type { AuditStore } from '../store/audit-store';
import { readActivities } from './activity';
import { learn } from './learning';

export interface AnomalyPorts {
  readonly store: AuditStore;
  readonly ownEvents: OwnEvents;
  readonly clock: Clock;
  readonly logger: Logger;
}

const periodMs = 1_000;
/** After a round the job rests so many times as long as it took: ingest comes first. */
const rest = 20;
/** Batches of the log in one round; halved when a round fails. */
const roundBatches = 64;
/** Batches that may wait; older ones are not judged any more. */
const mostBatches = 10_000;
const forgetEveryMs = 3_600_000;
const dayMs = 86_400_000;
/** An agent that did nothing for so long begins anew; an anomaly of so long ago is found among the events only. */
const idleMs = 90 * dayMs;
const listedMs = 365 * dayMs;

interface Batch {
  readonly log_size: string;
  readonly activities: string;
}

/**
 * Works out what batches of the log tell of agents, after their commit. What is known of the agents, the anomalies, the
 * events that tell of them and the removal of the batches are one transaction: a batch counts once, whenever the process
 * ends. One process at a time does it.
 */
export class AnomalyJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #error: unknown;
  #isStopped = false;
  #batches = roundBatches;
  #forgottenMs = -Infinity;

  constructor(private readonly ports: AnomalyPorts) {}

  onApplicationBootstrap(): void {
    this.#workAfter(periodMs);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  check(): CheckResult {
    if (this.#error === undefined) return { ok: true, detail: 'follows the log' };
    return { ok: false, detail: this.#error instanceof Error ? this.#error.message : String(this.#error) };
  }

  #workAfter(ms: number): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      const begun = performance.now();
      this.#round = this.#work().then(() => {
        this.#workAfter(Math.max(periodMs, rest * (performance.now() - begun)));
      });
    }, ms);
  }

  async #work(): Promise<void> {
    const { store, logger } = this.ports;
    try {
      await store.migrate();
      await this.#forget();
      // A round that is full shows that more waits: then there is no rest.
      while (!this.#isStopped && (await this.#isWaiting()) && (await this.#takeRound()) === this.#batches);
      this.#batches = roundBatches;
      this.#error = undefined;
    } catch (error) {
      this.#batches = Math.max(1, this.#batches >> 1);
      this.#error = error;
      logger.warn({ error }, 'what agents do was not looked at');
    }
  }

  async #isWaiting(): Promise<boolean> {
    const sql = 'SELECT 1 FROM activity_batches LIMIT 1';
    return (await this.ports.store.read((em) => em.execute<object[]>(sql))).length > 0;
  }

  /** @returns how many batches were worked out; 0 when another process is at it */
  async #takeRound(): Promise<number> {
    const { ownEvents, clock, logger } = this.ports;
    const { taken, found } = await ownEvents.transaction(async (em, append) => {
      const nothing = { taken: 0, found: [] as Anomaly[] };
      const [lock] = await em.execute<{ mine: boolean }[]>(
        "SELECT pg_try_advisory_xact_lock(hashtext('concordat/anomalies')) AS mine",
      );
      if (!lock!.mine) return nothing;
      const batches = await em.execute<Batch[]>(
        'SELECT log_size, activities FROM activity_batches ORDER BY log_size LIMIT ?',
        [this.#batches],
      );
      if (batches.length === 0) return nothing;
      await em.execute('DELETE FROM activity_batches WHERE log_size <= ?', [batches.at(-1)!.log_size]);
      const activities = batches.flatMap((batch) => readActivities(batch.activities));
      return { taken: batches.length, found: await learn(em, append, activities, clock.now()) };
    });
    for (const { kind, id } of found) logger.warn({ kind, id }, 'an anomaly');
    return taken;
  }

  /** What is too old, and what has piled up. */
  async #forget(): Promise<void> {
    const { store, clock, logger } = this.ports;
    const nowMs = clock.nowMs();
    if (nowMs - this.#forgottenMs < forgetEveryMs) return;
    const dropped = await store.transaction(async (em) => {
      await em.execute(
        `WITH idle AS (DELETE FROM agent_behaviours WHERE seen_at < ? RETURNING tenant, agent)
         DELETE FROM agent_counterparties AS met USING idle WHERE met.tenant = idle.tenant AND met.agent = idle.agent`,
        [new Date(nowMs - idleMs)],
      );
      await em.execute('DELETE FROM anomalies WHERE detected_at < ?', [new Date(nowMs - listedMs)]);
      return em.execute<object[]>(
        `DELETE FROM activity_batches WHERE log_size <=
          (SELECT log_size FROM activity_batches ORDER BY log_size DESC OFFSET ? LIMIT 1) RETURNING 1`,
        [mostBatches],
      );
    });
    this.#forgottenMs = nowMs;
    if (dropped.length > 0)
      logger.error({ batches: dropped.length }, 'what agents did long ago is not judged any more');
  }
}
