import { HttpClient } from '../http-client';
import { logSize } from '../log-size';
import type { System } from '../system';
import type { BenchPlan } from '../plan';

const deadlineMs = 600_000;
const askEveryMs = 500;

/**
 * Waits until every event of the store has been published and is in the audit log: what a service does after it was
 * filled behind its back is no part of what is measured then.
 */
export async function settled(system: System, plan: BenchPlan, events: number): Promise<void> {
  const client = new HttpClient(system.url, system.adminCredential, 1);
  const giveUpMs = performance.now() + deadlineMs;
  let told = 0;
  for (;;) {
    const size = await logSize(client);
    if (size >= events) break;
    if (performance.now() > giveUpMs)
      throw new Error(`after ${deadlineMs} ms the audit log has ${size} of ${events} entries`);
    if (size - told >= 20_000) plan.tell(`${(told = size)} of ${events} events are in the audit log`);
    await new Promise((resolve) => setTimeout(resolve, askEveryMs));
  }
  client.close();
}
