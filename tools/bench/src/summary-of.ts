import { type LatencySummary, type LoadOutcome, summarize } from '@concordat/testing';

/** @throws Error when so much failed that the rest tells nothing */
export function summaryOf(
  what: string,
  { latenciesMs, failures, firstFailure }: LoadOutcome,
): LatencySummary {
  if (latenciesMs.length === 0 || failures > latenciesMs.length)
    throw new Error(
      `${what}: ${failures} of ${failures + latenciesMs.length} failed; the first: ${firstFailure}`,
    );
  return summarize(latenciesMs);
}
