import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseStrictJson } from '../json/strict-json';
import { limits } from '../limits';
import { MessageAccepted, MessageDelivered, MessageExpired, MessageFailed, MessageSent } from './bus';
import type { EventSpec } from './event';

const fixtureOf = ({ type }: EventSpec): object =>
  parseStrictJson(readFileSync(join(__dirname, '..', 'fixtures', 'events', `${type}.json`))) as object;
const isRead = (spec: EventSpec, over: object): boolean =>
  spec.data.safeParse({ ...fixtureOf(spec), ...over }).success;

const integerLimit = 2_147_483_647;
const attempted = [MessageSent, MessageDelivered, MessageFailed, MessageExpired];

describe('an event of a message', () => {
  it.each([MessageAccepted, ...attempted])('names a sender of bounded length: $type', (spec) => {
    expect(isRead(spec, { from: `apiKey:${'f'.repeat(16)}` })).toBe(true);
    expect(isRead(spec, { from: 'x'.repeat(256) })).toBe(true);
    expect(isRead(spec, { from: 'x'.repeat(257) })).toBe(false);
  });

  it.each(attempted)('counts deliveries in what a column holds: $type', (spec) => {
    for (const attempt of [1, limits.deliveryAttempts, integerLimit])
      expect(isRead(spec, { attempt })).toBe(true);
    for (const attempt of [-1, 1.5, integerLimit + 1, 3e9]) expect(isRead(spec, { attempt })).toBe(false);
    expect(isRead(spec, { attempt: 0 })).toBe(spec === MessageExpired);
  });

  it('lives for what a column holds, or without end', () => {
    for (const ttlSeconds of [null, 0, 1, limits.messageTtlSeconds, integerLimit])
      expect(isRead(MessageAccepted, { ttlSeconds })).toBe(true);
    for (const ttlSeconds of [-1, 0.5, integerLimit + 1])
      expect(isRead(MessageAccepted, { ttlSeconds })).toBe(false);
  });
});
