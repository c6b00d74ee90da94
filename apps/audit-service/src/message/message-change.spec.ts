import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type EventEnvelope,
  MessageAccepted,
  MessageDelivered,
  MessageExpired,
  MessageFailed,
  MessageSent,
  type MessageStatus,
  origin,
  TokenIssued,
} from '@concordat/contracts';
import fc from 'fast-check';
import {
  foldChanges,
  mergeChanges,
  type MessageChange,
  messageChange,
  messageEvents,
} from './message-change';

const fixtures = join(__dirname, '../../../../libs/contracts/src/fixtures/events');
const dataOf = (type: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(fixtures, `${type}.json`), 'utf8')) as Record<string, unknown>;
const envelopeOf = (type: string, time = '2026-01-01T00:00:00.000Z'): EventEnvelope => ({
  ...{ id: 'bus.0:1:1', type, source: '/concordat/bus.0', subject: 's', time, tenant: 't', actor: 'a' },
  ...{ stream: '', version: 0, correlation: null, traceparent: null, data: '{}', at: origin, prev: origin },
  ...{ prevHash: null, hash: null, signatures: [] },
});
const change = ({ type }: { type: string }, over: object = {}, time?: string): MessageChange =>
  messageChange(envelopeOf(type, time), { ...dataOf(type), ...over });

describe('the life of a message', () => {
  const accepted = change(MessageAccepted);
  const sent = (attempt: number) => change(MessageSent, { attempt });
  const delivered = change(MessageDelivered, { attempt: 3 }, '2026-01-01T00:00:09.000Z');

  it('is read from its events', () => {
    expect(accepted).toMatchObject({ status: 'PENDING', attempt: 0, acceptance: { priority: 'HIGH' } });
    expect(sent(2)).toMatchObject({ status: 'SENT', attempt: 2, acceptance: null });
    expect(delivered).toMatchObject({ status: 'DELIVERED', deliveredAt: '2026-01-01T00:00:09.000Z' });
    expect(change(MessageFailed)).toMatchObject({
      status: 'FAILED',
      error: 'not acknowledged in 5 deliveries',
    });
    expect(change(MessageExpired)).toMatchObject({ status: 'EXPIRED', attempt: 0 });
  });

  it('adds up to the same, in whatever order and groups its events come', () => {
    const life = [accepted, sent(1), sent(2), sent(3), delivered];
    const expected = { status: 'DELIVERED', attempt: 3, acceptance: accepted.acceptance };
    fc.assert(
      fc.property(
        fc.shuffledSubarray(life, { minLength: 5 }),
        fc.subarray(life),
        fc.integer({ min: 1, max: 5 }),
        (order, again, cut) => {
          const [early, late] = [order.slice(0, cut), [...order.slice(cut), ...again]];
          const [first] = foldChanges(early);
          const [whole] = foldChanges([first!, ...foldChanges(late)]);
          expect(whole).toMatchObject(expected);
          expect(whole!.deliveredAt).toBe('2026-01-01T00:00:09.000Z');
        },
      ),
    );
  });

  it('never goes back: PENDING, then SENT, then one of its ends', () => {
    const ends = [change(MessageExpired), change(MessageFailed), delivered];
    const rises: [MessageChange, MessageChange, MessageStatus][] = [
      [accepted, sent(1), 'SENT'],
      ...ends.map((end): [MessageChange, MessageChange, MessageStatus] => [sent(1), end, end.status]),
      ...ends.map((end): [MessageChange, MessageChange, MessageStatus] => [accepted, end, end.status]),
    ];
    for (const [before, after, status] of rises) {
      expect(mergeChanges(before, after).status).toBe(status);
      expect(mergeChanges(after, before).status).toBe(status);
    }
  });

  it('is kept apart by message and by tenant', () => {
    const other = { ...accepted, tenant: 'other' };
    expect(foldChanges([accepted, other, sent(1)])).toMatchObject([
      { tenant: 't', status: 'SENT' },
      { tenant: 'other', status: 'PENDING' },
    ]);
  });

  it('is told by no other event, and by none with other data', () => {
    expect(() => messageChange(envelopeOf(TokenIssued.type), {})).toThrow('not an event of a message');
    for (const { type } of messageEvents) {
      expect(() => messageChange(envelopeOf(type), dataOf(type))).not.toThrow();
      expect(() => messageChange(envelopeOf(type), {})).toThrow();
    }
  });
});
