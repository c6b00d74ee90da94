const uuidTime = /-([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * How long the oldest of messages has been there: their ids end in a UUIDv7, whose first 48 bits are milliseconds
 * since 1970 (RFC 9562 §5.7).
 * @returns seconds; undefined without an id that tells it
 */
export function oldestSeconds(ids: readonly string[], nowMs: number): number | undefined {
  const times = ids.flatMap((id) => {
    const [, high, low] = uuidTime.exec(id) ?? [];
    return high === undefined || low === undefined ? [] : [Number.parseInt(high + low, 16)];
  });
  // Another gateway, whose clock is ahead, may have made it.
  return times.length === 0 ? undefined : Math.max(0, nowMs - Math.min(...times)) / 1_000;
}
