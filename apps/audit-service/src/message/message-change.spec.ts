import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type EventEnvelope,
  MessageAccepted,
  MessageDelivered,
  MessageExpired,
  MessageFailed,
  MessageSent,
  MessagesDelivered,
  MessagesExpired,
  MessagesFailed,
  MessagesPurged,
  MessagesReplayed,
  MessagesSent,
  type MessageStatus,
  origin,
  TokenIssued,
} from '@concordat/contracts';
import fc from 'fast-check';
import {
  foldChanges,
  mergeChanges,
  type MessageChange,
  messageChanges,
  messageEvents,
  rankOf,
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
  messageChanges(envelopeOf(type, time), { ...dataOf(type), ...over })[0]!;

const itemOf = (type: string): object => (dataOf(type)['items'] as object[])[0]!;

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

  const told = (spec: { type: string }, replay?: number, over: object = {}, time?: string): MessageChange =>
    change(
      spec,
      { items: [{ ...itemOf(spec.type), ...(replay !== undefined && { replay }), ...over }] },
      time,
    );

  it('begins anew with each replay from the dead letters, and says why it has its status only while it has it', () => {
    const life: [MessageChange, MessageStatus][] = [
      ...[[change(MessageAccepted), 'PENDING'] as const, [told(MessagesSent), 'SENT'] as const],
      ...[[told(MessagesFailed), 'FAILED'] as const, [told(MessagesReplayed, 1), 'PENDING'] as const],
      ...[[told(MessagesSent, 1), 'SENT'] as const, [told(MessagesFailed, 1), 'FAILED'] as const],
      ...[
        [told(MessagesReplayed, 2), 'PENDING'] as const,
        [told(MessagesDelivered, 2), 'DELIVERED'] as const,
      ],
    ].map(([event, status]) => [event!, status!]);
    for (const [i, [, status]] of life.entries()) {
      const so = life.slice(0, i + 1).map(([event]) => event);
      for (const order of [so, so.toReversed()]) {
        const [whole] = foldChanges(order);
        expect(whole!.status).toBe(status);
        expect(whole!.error === null).toBe(status !== 'FAILED');
      }
    }
    expect(rankOf({ status: 'FAILED', replay: 2 ** 31 - 1 })).toBeLessThan(
      rankOf({ status: 'DELIVERED', replay: 0 }),
    );
  });

  it('that went to several recipients, with replays / adds up to the same in any order and grouping', () => {
    const time = fc.integer({ min: 1, max: 3 }).map((n) => `2026-01-01T00:00:0${n}.000Z`);
    const replay = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined });
    const event = fc
      .tuple(
        fc.constantFrom(MessagesSent, MessagesReplayed, MessagesExpired, MessagesPurged, MessagesDelivered),
        ...([replay, time] as const),
      )
      .map(([spec, n, at]) => told(spec, n, {}, at));
    const failed = fc
      .tuple(replay, fc.constantFrom('x', 'y'))
      .map(([n, error]) => told(MessagesFailed, n, { error }));
    const lives = fc
      .array(fc.oneof(event, event, failed), { minLength: 1, maxLength: 8 })
      .map((events) => [change(MessageAccepted), ...events])
      .chain((life) =>
        fc.tuple(
          ...([fc.constant(life), fc.shuffledSubarray(life, { minLength: life.length })] as const),
          ...([fc.subarray(life), fc.nat({ max: life.length })] as const),
        ),
      );
    fc.assert(
      fc.property(lives, ([life, order, again, cut]) => {
        const parts = [foldChanges(order.slice(0, cut)), foldChanges([...order.slice(cut), ...again])];
        expect(foldChanges(parts.flat())).toEqual(foldChanges(life));
      }),
    );
  });

  it('to everybody / ends with its time where nobody has acknowledged it', () => {
    const over = { to: '*', items: [{ ...itemOf(MessagesExpired.type), attempt: 0 }] };
    const expired = change(MessagesExpired, over);
    const everybody = { ...accepted, to: '*' };
    expect(mergeChanges(everybody, expired)).toMatchObject({ to: '*', status: 'EXPIRED', error: null });
    for (const order of [
      [expired, delivered],
      [delivered, expired],
    ] as const)
      expect(mergeChanges(...order).status).toBe('DELIVERED');
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

  it('is read from events that tell of several messages', () => {
    const items = [1, 2].map((n) => ({ ...itemOf(MessagesSent.type), attempt: n }));
    const read = messageChanges(envelopeOf(MessagesSent.type), { to: 'topic:orders/billing', items });
    expect(read).toMatchObject([
      { status: 'SENT', attempt: 1, to: 'topic:orders' },
      { status: 'SENT', attempt: 2, to: 'topic:orders' },
    ]);
    expect(change(MessagesDelivered, {}, '2026-01-01T00:00:09.000Z')).toMatchObject({
      ...{ status: 'DELIVERED', deliveredAt: '2026-01-01T00:00:09.000Z' },
    });
    expect(change(MessagesFailed)).toMatchObject({ status: 'FAILED', attempt: 5 });
    expect(change(MessagesFailed).error).toMatch(/lease ended/);
    expect(change(MessagesPurged)).toMatchObject({
      status: 'EXPIRED',
      error: expect.stringMatching(/purged/) as string,
    });
  });

  it('knows from its acceptance whom it was sent to, whoever got a copy first', () => {
    const copy = { ...sent(1), to: 'did:key:somebody' };
    const everybody = { ...accepted, to: '*' };
    for (const whole of [mergeChanges(copy, everybody), mergeChanges(everybody, copy)])
      expect(whole).toMatchObject({ to: '*', status: 'SENT' });
  });

  it('is kept apart by message and by tenant', () => {
    const other = { ...accepted, tenant: 'other' };
    expect(foldChanges([accepted, other, sent(1)])).toMatchObject([
      { tenant: 't', status: 'SENT' },
      { tenant: 'other', status: 'PENDING' },
    ]);
  });

  it('is told by no other event, and by none with other data', () => {
    expect(() => messageChanges(envelopeOf(TokenIssued.type), {})).toThrow('not an event of a message');
    for (const { type } of messageEvents) {
      expect(() => messageChanges(envelopeOf(type), dataOf(type))).not.toThrow();
      expect(() => messageChanges(envelopeOf(type), {})).toThrow();
    }
  });
});
