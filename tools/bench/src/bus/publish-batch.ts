import { closedLoop } from '@concordat/testing';
import { loggedInAgents } from '../bench-agent';
import { coresOf, cpuMeter } from '../cpu-meter';
import { HttpClient } from '../http-client';
import { type BenchPlan, warmUpSecondsOf } from '../plan';
import { rawXaddLanes, rawXaddPipeline } from '../raw-xadd';
import { type BenchResult, result } from '../report';
import { summaryOf } from '../summary-of';
import type { System } from '../system';
import { Acceptances, busConditions, messageTo } from './bus-message';
import { drained } from './drained';

const batchSize = 100;
const concurrency = 8;
const recipientCount = 32;

/** What the raw limit is, wherever it stands beside a figure. */
export const rawXaddLimit = `raw XADD of the same payload to the same Redis before the load: ${rawXaddLanes} pipelines of ${rawXaddPipeline} from one Node process`;

/** A hundred messages to a request, to many inboxes. */
export async function publishBatches(
  system: System,
  plan: BenchPlan,
  rawPerS: number,
): Promise<BenchResult[]> {
  plan.tell(`publishing by batches of ${batchSize}`);
  const [sender, ...recipients] = await loggedInAgents(system, 'batch', recipientCount + 1);
  const client = new HttpClient(system.url, sender!.credential, concurrency);
  const conditions = busConditions();
  const accepted = new Acceptances();
  let used = cpuMeter(system);
  const outcome = await closedLoop({
    ...{ concurrency, seconds: plan.seconds, warmUpSeconds: warmUpSecondsOf(plan) },
    send: async (index) => {
      const messages = Array.from({ length: batchSize }, (_, i) => {
        const n = index * batchSize + i;
        return messageTo(recipients[n % recipients.length]!.did, 'batch', n);
      });
      acceptAll(await client.call('POST', '/v1/messages/batch', { messages }), accepted);
    },
    onMeasuring: () => (used = cpuMeter(system)),
  });
  const cores = coresOf(used(), outcome.elapsedMs);
  client.close();
  await drained(system, recipients, accepted.count);
  const { samples, p50, p99 } = summaryOf('batches', outcome);
  return [
    result(
      'bus.publish.http_batch_per_s',
      (samples * batchSize * 1_000) / outcome.elapsedMs,
      '1/s',
      {
        ...{ ...conditions, ...accepted.conditions, loop: 'closed', concurrency, batchSize },
        ...{ recipients: recipientCount, batches: samples, failures: outcome.failures },
        ...{ batchP50Ms: p50, batchP99Ms: p99, ...cores, limit: rawXaddLimit },
      },
      rawPerS,
    ),
  ];
}

/** @throws Error when an item was refused */
export function acceptAll(answer: Record<string, unknown>, accepted: Acceptances): void {
  for (const item of answer['items'] as readonly Record<string, unknown>[]) {
    if (item['problem']) throw new Error(`refused: ${JSON.stringify(item['problem'])}`);
    accepted.take(item);
  }
}
