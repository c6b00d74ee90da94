/** What a person who presses Ctrl-C, or whoever ends this process, is heard by. */
export interface Interruption {
  /** Fires at the first SIGINT or SIGTERM; another one ends the process at once, as it always does. */
  readonly signal: AbortSignal;
  /** Signals end the process again. */
  release(): void;
}

const signals = ['SIGINT', 'SIGTERM'] as const;

export function heedInterruption(): Interruption {
  const interrupted = new AbortController();
  const release = (): void => {
    for (const name of signals) process.removeListener(name, interrupt);
  };
  const interrupt = (): void => {
    release();
    interrupted.abort(new Error('it was interrupted'));
  };
  for (const name of signals) process.on(name, interrupt);
  return { signal: interrupted.signal, release };
}
