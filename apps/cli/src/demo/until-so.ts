import { setTimeout as delay } from 'node:timers/promises';

const pauseMs = 200;

/**
 * Asks again until it is so.
 * @param ask throws what is not so yet
 * @throws what it threw last, when the deadline fires
 */
export async function untilSo<T>(ask: () => Promise<T> | T, deadline: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (deadline.aborted) throw error;
      await delay(pauseMs, undefined, { signal: deadline }).catch(() => undefined);
    }
  }
}
