import { openLoop } from '@concordat/testing';
import { HttpClient } from '../http-client';
import { type BenchResult, result } from '../report';
import { summaryOf } from '../summary-of';
import type { System } from '../system';
import { countsOf, type BenchPlan } from '../plan';
import type { Registered } from './registrations';

const perSecond = 500;
const connections = 64;

/** `GET /v1/agents/{did}` through the gateway: HTTP, sealed request to iam-service, SQLite, sealed reply. */
export async function lookups(
  system: System,
  plan: BenchPlan,
  { dids, identities }: Registered,
): Promise<BenchResult[]> {
  plan.tell(`${perSecond} lookups a second`);
  const client = new HttpClient(system.url, system.adminCredential, connections);
  // A stride that shares no factor with the number of samples: every one is asked for before one is asked for again.
  const send = (index: number): Promise<unknown> =>
    client.call('GET', `/v1/agents/${encodeURIComponent(dids[(index * 7_919) % dids.length]!)}`);
  const outcome = await openLoop({ ...countsOf(plan, perSecond), send });
  client.close();
  const { samples, p50, p95, p99, max } = summaryOf('lookups', outcome);
  const { failures, mostInFlight } = outcome;
  return [
    result('iam.lookup.p99_ms', p99, 'ms', {
      ...{ loop: 'open', perSecond, samples, failures, mostInFlight, identities, connections },
      ...{ p50Ms: p50, p95Ms: p95, maxMs: max },
      path: 'HTTP (kept connections), gateway, sealed request over Redis, iam-service, SQLite, and back',
      latency: 'from the moment at which the request was due',
    }),
  ];
}
