/** The environment of this process, for children; without what jest and a developer's shell put there. */
export function inherited(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(CONCORDAT_|OTEL_|JEST_|NODE_OPTIONS)/.test(name),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}

/** Chooses what is random in a test; printed with every result, and set to run the same again. */
export const seed = Number(process.env['CONCORDAT_TEST_SEED'] ?? Date.now() % 1_000_000);
