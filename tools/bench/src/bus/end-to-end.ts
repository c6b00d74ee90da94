import { loggedInAgents } from '../bench-agent';
import { coresOf, cpuMeter } from '../cpu-meter';
import { HttpClient } from '../http-client';
import { logSize } from '../log-size';
import { type BenchPlan, warmUpSecondsOf } from '../plan';
import { type BenchResult, result } from '../report';
import type { System } from '../system';
import { within } from '../within';
import { Acceptances, busConditions, messageTo } from './bus-message';
import { pollingConsumers, stopAll } from './consumer';
import { quiet } from './drained';
import { acceptAll } from './publish-batch';

const consumerCount = 16;
const publisherLanes = 4;
const batchSize = 100;
/** Messages under way, accepted or not, until publishing waits: as many as the consumers could take at once. */
const underWayLimit = 4_000;

/** What was accepted arrives within. */
const arrivalMs = 60_000;

/** As many messages as are published, delivered and acknowledged, all at the same time, with audit-service behind it. */
export async function endToEnd(system: System, plan: BenchPlan): Promise<BenchResult[]> {
  plan.tell('publish, deliver, acknowledge');
  const [sender, ...receivers] = await loggedInAgents(system, 'e2e', consumerCount + 1);
  const client = new HttpClient(system.url, sender!.credential, publisherLanes);
  const admin = new HttpClient(system.url, system.adminCredential, 1);
  const conditions = busConditions();
  const flow = new Flow(
    client,
    receivers.map(({ did }) => did),
  );
  const consumers = pollingConsumers(system.url, receivers, {
    onAcked: (items) => flow.acknowledge(items.length),
  });
  const lanes = Array.from({ length: publisherLanes }, () => flow.publish());
  await seconds(warmUpSecondsOf(plan));
  const [used, begunMs, before] = [cpuMeter(system), performance.now(), flow.acked];
  const logged = await logSize(admin);
  await seconds(plan.seconds);
  const [acked, elapsedMs] = [flow.acked - before, performance.now() - begunMs];
  const cores = coresOf(used(), elapsedMs);
  const auditEntries = (await logSize(admin)) - logged;
  flow.stop();
  await Promise.all(lanes);
  await within(arrivalMs, 'the last acknowledgement', flow.allAcked());
  const failedRequests = await stopAll(consumers);
  client.close();
  admin.close();
  const auditBehindS = await quiet(system);
  return [
    result('bus.e2e.per_s', (acked * 1_000) / elapsedMs, '1/s', {
      ...{ ...conditions, ...flow.accepted.conditions, loop: 'closed', publisherLanes, batchSize },
      ...{ underWayLimit, consumers: consumerCount, fetchCount: 100, samples: acked },
      ...{ failures: flow.failures + failedRequests, ...cores },
      ...{ auditEntriesPerS: (auditEntries * 1_000) / elapsedMs, auditBehindS },
      what: 'acknowledged messages: batches by HTTP, long polls, acknowledgements of all that a poll brought; every accepted one was acknowledged in the end',
    }),
  ];
}

/** Publishes without end, but not more than can be under way. */
class Flow {
  readonly accepted = new Acceptances();
  acked = 0;
  failures = 0;
  #published = 0;
  #isStopped = false;
  #waiting: (() => void)[] = [];

  constructor(
    private readonly client: HttpClient,
    private readonly recipients: readonly string[],
  ) {}

  async publish(): Promise<void> {
    while (!this.#isStopped) {
      if (this.#published - this.acked >= underWayLimit) {
        await this.#someAcked();
        continue;
      }
      const first = this.#published;
      this.#published += batchSize;
      const messages = Array.from({ length: batchSize }, (_, i) =>
        messageTo(this.recipients[(first + i) % this.recipients.length]!, 'e2e', first + i),
      );
      await this.client.call('POST', '/v1/messages/batch', { messages }).then(
        (answer) => acceptAll(answer, this.accepted),
        () => {
          this.failures++;
          this.#published -= batchSize;
        },
      );
    }
  }

  acknowledge(count: number): void {
    this.acked += count;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Ends when everything that was published was acknowledged by its consumer. */
  async allAcked(): Promise<void> {
    while (this.acked < this.accepted.count) await this.#someAcked();
  }

  #someAcked(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

const seconds = (count: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, count * 1_000));
