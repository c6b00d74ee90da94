/** The environment of this process, for children; without what jest and a developer's shell put there. */
export function inherited(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(CONCORDAT_|OTEL_|JEST_|NODE_OPTIONS)/.test(name),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}
