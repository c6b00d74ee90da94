import { closedLoop } from '@concordat/testing';
import { HttpClient } from '../http-client';
import { type BenchPlan, warmUpSecondsOf } from '../plan';
import { type BenchResult, result } from '../report';
import { summaryOf } from '../summary-of';
import type { System } from '../system';

const dayMs = 86_400_000;

/**
 * Statistics of all messages through the gateway, over windows that begin and end anywhere: sums of whole hours and minutes,
 * and the messages of the minutes at the edges.
 */
export async function statistics(system: System, plan: BenchPlan): Promise<BenchResult[]> {
  plan.tell('statistics');
  const client = new HttpClient(system.url, system.adminCredential, 1);
  const now = Date.now();
  const send = (index: number): Promise<unknown> => {
    // Another millisecond each time, so that nothing can be remembered.
    const window = { from: new Date(now - dayMs - index), to: new Date(now + index) };
    const query = `from=${window.from.toISOString()}&to=${window.to.toISOString()}`;
    return client.call('GET', `/v1/audit/statistics?${query}`);
  };
  const options = { concurrency: 1, seconds: plan.seconds / 2, warmUpSeconds: warmUpSecondsOf(plan) / 2 };
  const outcome = await closedLoop({ ...options, send });
  client.close();
  const { p50, p99, samples } = summaryOf('statistics', outcome);
  return [
    result('audit.statistics.p99_ms', p99, 'ms', {
      ...{ loop: 'closed', concurrency: 1, samples, failures: outcome.failures, p50Ms: p50 },
      ...{ events: plan.events, window: 'a day, all messages in it' },
      path: 'HTTP, gateway, sealed request over Redis, audit-service, PostgreSQL, and back',
    }),
  ];
}
