/**
 * The items until the signal: then its reason is thrown, whatever the source is waiting for. Whoever stops reading ends the
 * source too.
 */
export async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const source = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await orAborted(source.next(), signal);
      if (done === true) return;
      yield value;
    }
  } finally {
    // Not waited for: it may be waiting for something itself.
    void source.return?.().catch(() => undefined);
  }
}

/** Not `Promise.race`: a signal that lives long would remember every loser. */
const orAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });
