import { randomInt } from 'node:crypto';
import { summarize } from '@concordat/testing';
import { HttpClient } from '../http-client';
import { logSize } from '../log-size';
import type { BenchPlan } from '../plan';
import { type BenchResult, result } from '../report';
import type { System } from '../system';
import type { BusFeeds } from './feed-events';

const pollMs = 5;
/** Events come at any moment of the cycle in which checkpoints are signed. */
const pauseMs = (): number => randomInt(300);

/** From an event in Redis to a signed checkpoint that covers it, one after the other, as a reader of the log sees it. */
export async function checkpoints(system: System, plan: BenchPlan, feeds: BusFeeds): Promise<BenchResult[]> {
  plan.tell('checkpoints');
  const client = new HttpClient(system.url, undefined, 1);
  const latenciesMs: number[] = [];
  const end = performance.now() + plan.seconds * 1_000;
  while (performance.now() < end) {
    const before = await logSize(client);
    const begun = performance.now();
    await feeds.publishOne();
    while ((await logSize(client)) <= before) await sleep(pollMs);
    latenciesMs.push(performance.now() - begun);
    await sleep(pauseMs());
  }
  client.close();
  const { p50, p99, max, samples } = summarize(latenciesMs);
  return [
    result('audit.checkpoint.p99_ms', p99, 'ms', {
      ...{ samples, p50Ms: p50, maxMs: max, pollMs, log: plan.events },
      what: 'from the append to the bus (appendfsync always) to GET /v1/audit/log/checkpoint with a larger tree; idle system',
    }),
  ];
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
