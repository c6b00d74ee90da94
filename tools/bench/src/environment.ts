/**
 * The environment of this process, for the system under measurement: without the settings of the user's own Concordat,
 * whose data and servers a bench never touches, and without telemetry, which would cost time.
 */
export function cleanEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(CONCORDAT_|OTEL_|JEST_|NODE_OPTIONS)/.test(name),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}
