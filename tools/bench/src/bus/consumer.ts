import { setTimeout as delay } from 'node:timers/promises';
import type { LoggedIn } from '../bench-agent';
import { HttpClient } from '../http-client';
import type { BenchPayload } from './bus-message';

export interface Delivery {
  readonly id: string;
  readonly deliveryToken: string;
  readonly from: string;
  readonly correlationId: string | null;
  readonly payload: BenchPayload;
}

export interface ConsumerHooks {
  readonly onDelivered?: (items: readonly Delivery[]) => void;
  readonly onAcked?: (items: readonly Delivery[]) => void;
}

/** An agent that takes what comes, and acknowledges it. */
export interface Consumer {
  /** Requests that have failed. */
  readonly failures: number;
  stop(): Promise<void>;
}

const pauseMs = 50;

/** Waits at its inbox (long polls), and acknowledges what came while it waits for the next. */
export class PollingConsumer implements Consumer {
  failures = 0;
  readonly #waiting: HttpClient;
  readonly #settling: HttpClient;
  readonly #loop: Promise<void>;
  #isStopped = false;

  constructor(
    url: string,
    { credential }: LoggedIn,
    private readonly hooks: ConsumerHooks,
  ) {
    this.#waiting = new HttpClient(url, credential, 1);
    this.#settling = new HttpClient(url, credential, 1);
    this.#loop = this.#run();
  }

  /** Lets go of what it waits for; what it was given is acknowledged. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#waiting.close();
    await this.#loop;
    this.#settling.close();
  }

  async #run(): Promise<void> {
    let settling: Promise<void> = Promise.resolve();
    while (!this.#isStopped) {
      const items = await this.#trying(() => this.#fetch());
      await settling;
      if (items && items.length > 0) settling = this.#trying(() => this.#ack(items)).then(() => undefined);
    }
    await settling;
  }

  async #fetch(): Promise<readonly Delivery[]> {
    const answer = await this.#waiting.call('GET', '/v1/inbox?count=100&waitSeconds=30');
    const items = answer['items'] as readonly Delivery[];
    this.hooks.onDelivered?.(items);
    return items;
  }

  async #ack(items: readonly Delivery[]): Promise<void> {
    const tokens = items.map(({ deliveryToken }) => deliveryToken);
    await this.#settling.call('POST', '/v1/inbox/ack', { tokens });
    this.hooks.onAcked?.(items);
  }

  async #trying<T>(run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch {
      if (this.#isStopped) return undefined;
      this.failures++;
      await delay(pauseMs);
      return undefined;
    }
  }
}

/** One for each agent. */
export const pollingConsumers = (
  url: string,
  agents: readonly LoggedIn[],
  hooks: ConsumerHooks,
): Consumer[] => agents.map((agent) => new PollingConsumer(url, agent, hooks));

/** @returns how many of their requests have failed */
export async function stopAll(consumers: readonly Consumer[]): Promise<number> {
  await Promise.all(consumers.map((consumer) => consumer.stop()));
  return consumers.reduce((sum, { failures }) => sum + failures, 0);
}
