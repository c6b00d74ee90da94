import { ConcordatError } from '@concordat/contracts';
import type { Clock } from '@concordat/runtime';
import { isWithin } from '@concordat/runtime';
import {
  askingConnection,
  commandTimeoutMs,
  fromRedisError,
  type QueueConnectionOptions,
} from '@concordat/streams';
import { type JobsOptions, Queue } from 'bullmq';

/** Everything of BullMQ lies in one slot of the durable Redis. */
export const queueName = 'firings';
export const queuePrefix = 'cc:{bus.schedules}';

/** What a job says: the rest, and above all the message, lies with the schedule. */
export interface FiringJob {
  readonly tenant: string;
  readonly id: string;
}

const jobIdOf = (id: string, atMs: number): string => `${id}-${atMs}`;

/** @returns milliseconds since 1970 */
export const plannedTimeOf = (jobId: string): number => Number(jobId.slice(jobId.lastIndexOf('-') + 1));

/** Tried again until whatever is away is back; the repair plans it anew after that. */
const jobOptions: JobsOptions = {
  ...{ attempts: 1_000, backoff: { type: 'fixed', delay: 1_000 } },
  ...{ removeOnComplete: true, removeOnFail: true },
};

/** When schedules fire next: one delayed job of BullMQ for each. */
export class ScheduleQueue {
  readonly #connection: ReturnType<typeof askingConnection>;
  readonly #queue: Queue<FiringJob, void, 'fire'>;

  constructor(
    options: QueueConnectionOptions,
    private readonly clock: Clock,
  ) {
    this.#connection = askingConnection(options);
    this.#queue = new Queue(queueName, {
      ...{ connection: this.#connection, prefix: queuePrefix },
      // Nobody listens to them.
      streams: { events: { maxLen: 100 } },
    });
    this.#queue.on('error', options.onError);
  }

  /** A job that is there already stays as it is. @throws ConcordatError SERVICE_UNAVAILABLE */
  async plan(tenant: string, id: string, atMs: number): Promise<void> {
    const delay = Math.max(0, atMs - this.clock.nowMs());
    const job = { ...jobOptions, jobId: jobIdOf(id, atMs), delay };
    await this.#ask(this.#queue.add('fire', { tenant, id }, job));
  }

  /** @throws ConcordatError SERVICE_UNAVAILABLE */
  async forget(id: string, atMs: number): Promise<void> {
    await this.#ask(this.#queue.remove(jobIdOf(id, atMs)));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#queue.close();
    this.#connection.disconnect();
  }

  /** BullMQ waits for its first connection as long as it takes. */
  async #ask(asked: Promise<unknown>): Promise<void> {
    const answered = asked.catch((error: unknown) => Promise.reject(fromRedisError(error) as Error));
    if (await isWithin(commandTimeoutMs, answered)) return;
    throw new ConcordatError('SERVICE_UNAVAILABLE', 'Redis does not answer.');
  }
}
