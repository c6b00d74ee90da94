import { isWithin, type Logger } from '@concordat/runtime';
import { type QueueConnectionOptions, waitingConnection } from '@concordat/streams';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Queue, Worker } from 'bullmq';

/** Everything of BullMQ lies in one slot of the Redis that stores nothing: what it forgets, the schedule brings again. */
const queueName = 'retention';
const queuePrefix = 'cc:{audit.jobs}';
/** Each hour, a little after it: a day, a week, a month that is over goes soon. */
const everyHour = { pattern: '7 * * * *', tz: 'UTC' };
/** The schedule is told anew: Redis may have come back empty. */
const planMs = 300_000;
/** A run may take long; one that a process has left is begun anew by another after so long. */
const lockMs = 30_000;
const stopMs = 3_000;
const jobOptions = {
  ...{ attempts: 10, backoff: { type: 'exponential', delay: 1_000 } },
  ...{ removeOnComplete: true, removeOnFail: true },
} as const;

export interface RetentionJobOptions {
  readonly run: () => Promise<void>;
  readonly connection: QueueConnectionOptions;
  readonly logger: Logger;
}

/** Runs retention every hour, in one process at a time. It is idempotent: a run too many does nothing. */
export class RetentionJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #connection: ReturnType<typeof waitingConnection>;
  readonly #queue: Queue;
  #worker: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: RetentionJobOptions) {
    this.#connection = waitingConnection(options.connection);
    const connection = this.#connection;
    this.#queue = new Queue(queueName, {
      connection,
      prefix: queuePrefix,
      streams: { events: { maxLen: 100 } },
    });
    this.#queue.on('error', options.connection.onError);
  }

  onApplicationBootstrap(): void {
    const { run, connection, logger } = this.options;
    this.#worker = new Worker(queueName, run, {
      ...{ connection: this.#connection, prefix: queuePrefix, concurrency: 1, lockDuration: lockMs },
      maxStalledCount: 1_000,
    });
    this.#worker.on('error', connection.onError);
    this.#worker.on('failed', (_, error) => logger.warn({ error }, 'retention is tried again'));
    this.#timer = setInterval(() => void this.#plan(), planMs).unref();
    void this.#plan();
  }

  /** Has a run begun soon; one that waits already is enough. @returns whether Redis has taken it within so many ms */
  async runSoon(ms: number): Promise<boolean> {
    return isWithin(ms, this.#queue.add('run', {}, { ...jobOptions, jobId: 'by-hand' }));
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    // What does not end is begun anew, here or elsewhere.
    const closed = Promise.all([this.#worker?.close(), this.#queue.close()]);
    if (!(await isWithin(stopMs, closed))) await this.#worker?.disconnect();
    this.#connection.disconnect();
  }

  async #plan(): Promise<void> {
    const { onError } = this.options.connection;
    await this.#queue
      .upsertJobScheduler('every-hour', everyHour, { name: 'run', opts: jobOptions })
      .catch(onError);
  }
}
