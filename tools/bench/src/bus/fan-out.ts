import { openLoop, summarize } from '@concordat/testing';
import { loggedInAgents } from '../bench-agent';
import { HttpClient } from '../http-client';
import type { BenchPlan } from '../plan';
import { type BenchResult, result } from '../report';
import { summaryOf } from '../summary-of';
import type { System } from '../system';
import { within } from '../within';
import { Acceptances, busConditions, payloadOf } from './bus-message';
import { type Delivery, stopAll } from './consumer';
import { streamingConsumers } from './streaming-consumer';

const subscribers = 500;
/** Time enough for all of them to acknowledge one, and to wait for the next. */
const perSecond = 0.5;
const roundsAtLeast = 3;
const arrivalMs = 30_000;

/** A message to everybody, while five hundred agents wait. */
export async function fanOut(system: System, plan: BenchPlan): Promise<BenchResult[]> {
  plan.tell(`a message to ${subscribers} waiting agents`);
  const [sender, ...receivers] = await loggedInAgents(system, 'fan-out', subscribers + 1);
  const conditions = busConditions();
  const accepted = new Acceptances();
  const client = new HttpClient(system.url, sender!.credential, 1);
  const rounds = new Map<number, Round>();
  const consumers = await streamingConsumers(system.url, receivers, {
    onDelivered: (items: readonly Delivery[]) =>
      items.forEach(({ payload }) => payload.run === 'fan-out' && rounds.get(payload.n)?.arrive()),
  });
  const latenciesMs: number[] = [];
  const outcome = await openLoop({
    ...{ perSecond, warmUp: 1, count: Math.max(roundsAtLeast, Math.ceil(plan.seconds * perSecond)) },
    send: async (n) => {
      const round = new Round();
      rounds.set(n, round);
      const message = { to: '*', type: 'NOTIFICATION', payload: payloadOf('fan-out', n), ttlSeconds: 60 };
      accepted.take(await client.call('POST', '/v1/messages', message));
      await within(arrivalMs, 'a message to everybody', round.complete);
      if (n > 0) latenciesMs.push(...round.latenciesMs);
    },
  });
  const failedRequests = await stopAll(consumers);
  client.close();
  const untilAll = summaryOf('messages to everybody', outcome);
  const { samples, p50, p95, p99, max } = summarize(latenciesMs);
  const how = {
    ...{ ...conditions, ...accepted.conditions, loop: 'open', perSecond, subscribers },
    ...{ rounds: untilAll.samples, samples, failures: outcome.failures, failedRequests },
    ...{ p95Ms: p95, maxMs: max, untilAllHaveItP50Ms: untilAll.p50 },
    path: 'POST /v1/messages to "*", event streams of one connection each, all in one client process',
    latency: 'from the moment at which it was sent until the last byte was at a subscriber, over all of them',
  };
  return [result('bus.fanout500.p50_ms', p50, 'ms', how), result('bus.fanout500.p99_ms', p99, 'ms', how)];
}

/** One message on its way to everybody. */
class Round {
  readonly latenciesMs: number[] = [];
  readonly complete: Promise<void>;
  readonly #begunMs = performance.now();
  #resolve!: () => void;

  constructor() {
    this.complete = new Promise((resolve) => (this.#resolve = resolve));
  }

  arrive(): void {
    this.latenciesMs.push(performance.now() - this.#begunMs);
    if (this.latenciesMs.length === subscribers) this.#resolve();
  }
}
