const uuidTime = /-([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * When a message was accepted, as its id says: it ends in a UUIDv7, whose first 48 bits are milliseconds since 1970
 * (RFC 9562 §5.7). Whoever can write to the bus can write any of them.
 * @throws Error for what is no id of a message
 */
export function acceptedAtMs(messageId: string): number {
  const [, high, low] = uuidTime.exec(messageId) ?? [];
  if (high === undefined || low === undefined) throw new Error('not the id of a message');
  return Number.parseInt(high + low, 16);
}
