import { setTimeout as delay } from 'node:timers/promises';
import { summarize } from '@concordat/testing';
import { loggedInAgents, type LoggedIn } from '../bench-agent';
import { coresOf, cpuMeter } from '../cpu-meter';
import { HttpClient } from '../http-client';
import { type BenchPlan, countsOf } from '../plan';
import { type BenchResult, result } from '../report';
import type { System } from '../system';
import { Acceptances, busConditions, messageTo } from './bus-message';
import { pollingConsumers, type Delivery, stopAll } from './consumer';
import { quiet } from './drained';
import { acceptAll } from './publish-batch';

const consumerCount = 8;
const connections = 32;
/** The publisher gathers for so long what is due, and sends it as a batch. */
const gatherMs = 5;
const batchLimit = 100;
/** Messages under way; what is due then is not sent, and counts as failed: nobody measures a queue without end. */
const underWayLimit = 20_000;
/** What is under way in the end gets so long to arrive. */
const drainMs = 60_000;

/** Latency from the moment at which a message was due to be published until its acknowledgement was answered. */
export async function steadyFlow(system: System, plan: BenchPlan, perSecond: number): Promise<BenchResult[]> {
  plan.tell(`${perSecond} messages a second, published, delivered, acknowledged`);
  const [sender, ...receivers] = await loggedInAgents(system, `at ${perSecond}`, consumerCount + 1);
  const conditions = busConditions();
  const schedule = new Schedule(system.url, sender!, receivers, {
    run: `at ${perSecond}`,
    ...countsOf(plan, perSecond),
  });
  const consumers = pollingConsumers(system.url, receivers, schedule);
  const used = cpuMeter(system);
  const begunMs = performance.now();
  await schedule.publish();
  const cores = coresOf(used(), performance.now() - begunMs);
  await schedule.arrived();
  const failedRequests = await stopAll(consumers);
  await quiet(system);
  return figures(perSecond, schedule, {
    ...{ ...conditions, ...schedule.accepted.conditions, loop: 'open', perSecond, consumers: consumerCount },
    ...{ gatherMs, batchLimit, underWayLimit, failedRequests, ...cores },
    latency: 'from the moment at which the message was due to be sent until its acknowledgement was answered',
  });
}

function figures(perSecond: number, schedule: Schedule, common: BenchResult['conditions']): BenchResult[] {
  const { ackedMs, deliveredMs, failures, ackedPerS, offeredPerS } = schedule.outcome;
  const [acked, delivered] = [summarize(ackedMs), summarize(deliveredMs)];
  const name = `at_${perSecond / 1_000}k`;
  const conditions = {
    ...{ ...common, samples: acked.samples, failures, offeredPerS, ackedPerS },
    isSustained: failures === 0 && acked.p99 < 1_000,
    ...{ p95Ms: acked.p95, maxMs: acked.max },
    ...{ untilDeliveredP50Ms: delivered.p50, untilDeliveredP99Ms: delivered.p99 },
  };
  return [
    result(`bus.e2e.p50_ms_${name}`, acked.p50, 'ms', conditions),
    result(`bus.e2e.p99_ms_${name}`, acked.p99, 'ms', conditions),
  ];
}

interface ScheduleOptions {
  readonly run: string;
  readonly perSecond: number;
  readonly warmUp: number;
  readonly count: number;
}

/** Publishes on schedule, whatever the system does, and notes when each message arrives. */
class Schedule {
  readonly accepted = new Acceptances();
  readonly #client: HttpClient;
  readonly #deliveredMs: number[] = [];
  readonly #ackedMs: number[] = [];
  #startedMs = 0;
  #publishedMs = 0;
  #arrivedMs = 0;
  #sent = 0;
  #acked = 0;
  #failures = 0;

  constructor(
    url: string,
    sender: LoggedIn,
    private readonly receivers: readonly LoggedIn[],
    private readonly options: ScheduleOptions,
  ) {
    this.#client = new HttpClient(url, sender.credential, connections);
  }

  async publish(): Promise<void> {
    const { perSecond, warmUp, count } = this.options;
    this.#startedMs = performance.now();
    const underWay: Promise<void>[] = [];
    for (let next = 0; next < warmUp + count;) {
      const due = Math.min(
        warmUp + count,
        Math.floor(((performance.now() - this.#startedMs) * perSecond) / 1_000),
      );
      for (; next < due; next = Math.min(due, next + batchLimit))
        underWay.push(this.#send(next, Math.min(due, next + batchLimit)));
      await delay(gatherMs);
    }
    this.#publishedMs = performance.now();
    await Promise.all(underWay);
  }

  /** Waits for what was accepted. */
  async arrived(): Promise<void> {
    const giveUpMs = performance.now() + drainMs;
    while (this.#acked < this.accepted.count && performance.now() < giveUpMs) await delay(gatherMs);
    this.#failures += this.accepted.count - this.#acked;
    this.#client.close();
  }

  readonly onDelivered = (items: readonly Delivery[]): void => this.#note(items, this.#deliveredMs);

  readonly onAcked = (items: readonly Delivery[]): void => {
    this.#acked += items.length;
    this.#arrivedMs = performance.now();
    this.#note(items, this.#ackedMs);
  };

  get outcome() {
    const offered = this.#sent / ((this.#publishedMs - this.#startedMs) / 1_000);
    const acked = this.#acked / ((this.#arrivedMs - this.#startedMs) / 1_000);
    return {
      ...{ ackedMs: this.#ackedMs, deliveredMs: this.#deliveredMs, failures: this.#failures },
      ...{ offeredPerS: offered, ackedPerS: acked },
    };
  }

  async #send(from: number, to: number): Promise<void> {
    if (this.#sent - this.#acked + to - from > underWayLimit) {
      this.#failures += to - from;
      return;
    }
    this.#sent += to - from;
    const { receivers, options } = this;
    const messages = Array.from({ length: to - from }, (_, i) =>
      messageTo(receivers[(from + i) % receivers.length]!.did, options.run, from + i),
    );
    try {
      acceptAll(await this.#client.call('POST', '/v1/messages/batch', { messages }), this.accepted);
    } catch {
      this.#failures += to - from;
    }
  }

  #note(items: readonly Delivery[], latenciesMs: number[]): void {
    const nowMs = performance.now();
    const { warmUp, perSecond } = this.options;
    for (const { payload } of items)
      if (payload.n >= warmUp) latenciesMs.push(nowMs - this.#startedMs - (payload.n * 1_000) / perSecond);
  }
}
