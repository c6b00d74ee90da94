import type { LoggedIn } from '../bench-agent';
import { HttpClient } from '../http-client';
import { logSize } from '../log-size';
import type { System } from '../system';
import { pollingConsumers, stopAll } from './consumer';

const deadlineMs = 180_000;
const askEveryMs = 250;
/** A log that has not grown for so long has caught up: it is signed every second at the latest. */
const quietMs = 1_500;

/**
 * Delivers and acknowledges what lies in some inboxes, and waits until the audit log has stopped growing: nothing that was
 * left over may be in the way of the next measurement.
 * @param accepted messages that were acknowledged to their sender; each must be there
 * @throws Error when one of them does not come
 */
export async function drained(system: System, agents: readonly LoggedIn[], accepted: number): Promise<void> {
  const left = new Set<string>();
  const consumers = pollingConsumers(system.url, agents, {
    onAcked: (items) => items.forEach(({ id }) => left.add(id)),
  });
  const giveUpMs = performance.now() + deadlineMs;
  while (left.size < accepted && performance.now() < giveUpMs) await pause();
  await stopAll(consumers);
  if (left.size < accepted)
    throw new Error(`${left.size} of ${accepted} accepted messages were delivered in ${deadlineMs} ms`);
  await quiet(system);
}

/** Waits until the audit log does not grow any more. @returns for how many seconds it has grown */
export async function quiet(system: System): Promise<number> {
  const client = new HttpClient(system.url, system.adminCredential, 1);
  const begunMs = performance.now();
  let [size, grownMs] = [-1, begunMs];
  while (performance.now() - grownMs < quietMs && performance.now() - begunMs < deadlineMs) {
    const now = await logSize(client);
    if (now > size) [size, grownMs] = [now, performance.now()];
    await pause();
  }
  client.close();
  return (grownMs - begunMs) / 1_000;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, askEveryMs));
