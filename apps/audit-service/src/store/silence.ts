/** What is used of a client of `pg`, which comes without types. */
export interface PgClient {
  query(...args: unknown[]): unknown;
  readonly connection: { readonly stream: { destroy(error: Error): void } };
}

/** PostgreSQL accepted a statement and said nothing for too long; whether it was carried out is unknown. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError';
}

/**
 * Breaks a connection on which a statement gets no answer. A frozen server keeps no timeout of its own, and `pg`'s
 * `query_timeout` only stops waiting: the connection would go back into the pool with a transaction still open on it.
 * @param onAnswer told of every statement that was answered, and after how many milliseconds
 */
export function breakWhenSilent(
  client: PgClient,
  limitMs: number,
  onAnswer: (outcome: 'ok' | 'error', elapsedMs: number) => void = () => undefined,
): void {
  const query = client.query;
  client.query = (...args: unknown[]): unknown => {
    const callback = args.at(-1);
    if (typeof callback !== 'function') return query.apply(client, args);
    const startedMs = performance.now();
    const timer = setTimeout(() => {
      client.connection.stream.destroy(new SilenceError(`PostgreSQL said nothing for ${limitMs} ms`));
    }, limitMs);
    const answer = (...results: unknown[]): void => {
      clearTimeout(timer);
      onAnswer(results[0] ? 'error' : 'ok', performance.now() - startedMs);
      (callback as (...results: unknown[]) => void)(...results);
    };
    return query.apply(client, [...args.slice(0, -1), answer]);
  };
}
