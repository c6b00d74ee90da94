import { type Clock, systemClock } from './clock';

/** One attempt may take this long; a server that accepts and then says nothing must not stop the polling. */
const ATTEMPT_TIMEOUT_MS = 2_000;
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/** Resolves when the thing is there; rejects with the reason why not yet. */
export type Probe = (signal: AbortSignal) => Promise<void>;

export interface WaitOptions {
  /** undefined: as long as it takes */
  readonly deadlineMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
  /** hears the reason of every failed attempt */
  readonly onAttempt?: ((reason: Error) => void) | undefined;
}

/** The deadline passed; `cause` is why the last attempt failed. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/**
 * Polls until the probe resolves, quickly at first, then ten times a second.
 * @throws DeadlineError after the deadline; the signal's reason when it fires
 */
export async function waitUntil(probe: Probe, options: WaitOptions = {}): Promise<void> {
  const { deadlineMs, signal, clock = systemClock, onAttempt } = options;
  const started = clock.now();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5)) {
    signal?.throwIfAborted();
    try {
      await attempt(probe, signal);
      return;
    } catch (error) {
      signal?.throwIfAborted();
      const reason = error instanceof Error ? error : new Error(String(error));
      onAttempt?.(reason);
      if (deadlineMs !== undefined && clock.now() - started >= deadlineMs) {
        throw new DeadlineError(`not within ${seconds(deadlineMs)}: ${reason.message}`, { cause: reason });
      }
    }
    await clock.sleep(pauseMs, signal);
  }
}

// Not AbortSignal.any: until Node 22 it kept every combined signal alive as long as its longest-lived source.
async function attempt(probe: Probe, outer: AbortSignal | undefined): Promise<void> {
  const inner = new AbortController();
  let abort: (reason: Error) => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = (reason) => {
      inner.abort(reason);
      reject(reason);
    };
  });
  const onOuterAbort = (): void => abort(new Error('aborted'));
  const timer = setTimeout(
    () => abort(new Error(`no answer within ${ATTEMPT_TIMEOUT_MS} ms`)),
    ATTEMPT_TIMEOUT_MS,
  );
  outer?.addEventListener('abort', onOuterAbort, { once: true });
  try {
    await Promise.race([probe(inner.signal), aborted]);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', onOuterAbort);
  }
}

export const seconds = (milliseconds: number): string =>
  milliseconds < 1_000 ? `${milliseconds} ms` : `${Math.round(milliseconds / 100) / 10} s`;
