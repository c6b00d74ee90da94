import { percentile } from '@concordat/testing';
import { HttpClient } from '../http-client';
import { type BenchResult, result } from '../report';
import type { System } from '../system';
import type { BenchPlan } from '../plan';
import type { Registered } from './registrations';

const kills = 5;
const deadlineMs = 60_000;

/** kill -9 of iam-service, and how long until it is ready and until a lookup through the gateway succeeds again. */
export async function recovery(
  system: System,
  plan: BenchPlan,
  { dids, identities }: Registered,
): Promise<BenchResult[]> {
  plan.tell(`killing iam-service ${kills} times`);
  const client = new HttpClient(system.url, system.adminCredential, 1);
  const lookup = (): Promise<unknown> => client.call('GET', `/v1/agents/${encodeURIComponent(dids[0]!)}`);
  const ready: number[] = [];
  const answered: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    // The one before must be known to run, or its supervisor would wait before it starts the next.
    const { pid, healthUrl } = await until(async () => system.process('iam-service'));
    await until(lookup);
    const begun = performance.now();
    process.kill(pid, 'SIGKILL');
    const [readyMs, answeredMs] = await Promise.all([
      until(() => askReady(healthUrl, pid, system)).then(() => performance.now() - begun),
      until(lookup).then(() => performance.now() - begun),
    ]);
    ready.push(readyMs / 1_000);
    answered.push(answeredMs / 1_000);
  }
  client.close();
  const median = (values: number[]): number =>
    percentile(
      values.sort((a, b) => a - b),
      0.5,
    );
  return [
    result('iam.recovery_s', median(ready), 's', {
      identities,
      kills,
      what: 'from SIGKILL until the restarted process says that it is ready (store opened, head compared with the stream); median',
      allS: ready.map((value) => value.toFixed(2)).join(' '),
      untilLookupThroughGatewayS: median(answered),
    }),
  ];
}

/** @throws Error while it is not ready, or while the killed one still listens */
async function askReady(healthUrl: string, killedPid: number, system: System): Promise<void> {
  const response = await fetch(`${healthUrl}/health/ready`);
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`not ready: ${response.status}`);
  if (system.process('iam-service').pid === killedPid) throw new Error('this is the killed one');
}

/** Asks every few milliseconds until it succeeds. @throws the last error when that takes too long */
async function until<T>(ask: () => Promise<T>): Promise<T> {
  const giveUpMs = performance.now() + deadlineMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > giveUpMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
