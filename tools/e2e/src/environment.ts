/** The environment of this process, for children; without what jest and a developer's shell put there. */
export function inherited(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(CONCORDAT_|OTEL_|JEST_|NODE_OPTIONS)/.test(name),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}

/** Which of the jest processes that run suites at the same time this is, from 1. */
export const worker = Number(process.env['JEST_WORKER_ID'] ?? 1);

/** Chooses what is random in a test; printed with every result, and set to run the same again. */
export const seed = Number(process.env['CONCORDAT_TEST_SEED'] ?? Date.now() % 1_000_000);

/** `CONCORDAT_TEST_LONG=1` is the long round; CI has time for a short one. */
export const isLong = process.env['CONCORDAT_TEST_LONG'] === '1';
/** Registrations while iam-service is killed. */
export const registrations = isLong ? 10_000 : 1_000;
