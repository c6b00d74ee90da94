import {
  AgentRevoked,
  type EventEnvelope,
  MessageAccepted,
  MessageSent,
  MessagesSent,
  origin,
  RequestRefused,
} from '@concordat/contracts';
import { plainMessage } from '@concordat/testing';
import fc from 'fast-check';
import { admit } from './admission';
import { cursorsAfter, cutBehind, entriesAfter, entriesOf, firstBatch } from './batch';

const envelope = (over: Partial<EventEnvelope> = {}, position = 7): EventEnvelope => ({
  id: `bus.1:5:${position}`,
  type: RequestRefused.type,
  source: '/concordat/bus.1',
  subject: 'apiKey:1',
  time: '2026-01-01T00:00:00.000Z',
  tenant: 'default',
  actor: 'anonymous',
  ...{ stream: '', version: 0, correlation: null, traceparent: null, data: '{}' },
  ...{ at: { epoch: 5, position }, prev: origin, prevHash: null, hash: null, signatures: [] },
  ...over,
});
const verdict = (over: Partial<EventEnvelope>, source = 'bus.1') =>
  admit({ source, envelope: envelope(over) });

describe('an entry of a source', () => {
  it('is let in when it is an event of the source, also of a type that is not known yet', () => {
    expect(verdict({})).toEqual({ ok: true, changes: [] });
    expect(verdict({ type: 'concordat.bus.topic.opened.v2' })).toEqual({ ok: true, changes: [] });
  });

  it('tells what it changes of a message', () => {
    const data = JSON.stringify({
      messageId: 'msg-1-1-0199f1c2-7b3a-7c4d-8e5f-0123456789ab',
      to: 'did:key:z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG',
      ...{ from: 'apiKey:1', attempt: 1 },
    });
    expect(verdict({ type: MessageSent.type, data })).toMatchObject({
      ...{ ok: true, changes: [{ status: 'SENT' }] },
    });
  });

  it.each<[string, Partial<EventEnvelope>]>([
    ['of another place', { id: 'bus.1:5:8' }],
    ['of another source', { id: 'iam:5:7', source: '/concordat/iam', type: AgentRevoked.type }],
    ['that names another source', { source: '/concordat/iam' }],
    ['of a type of another service', { type: AgentRevoked.type }],
    ['of a type that is none', { type: 'concordat.bus.x' }],
    ['of a type without end', { type: `concordat.bus.${'x'.repeat(200)}.v1` }],
    ['of no tenant', { tenant: '' }],
    ['of a tenant that cannot be', { tenant: '~' }],
    ['without a time', { time: 'now' }],
    ['of a year that PostgreSQL does not know', { time: '0000-01-01T00:00:00Z' }],
    ['of a year beyond all calendars', { time: '+10000-01-01T00:00:00Z' }],
    ['with a time without end', { time: `2026-01-01T00:00:00.${'0'.repeat(99)}Z` }],
    ['with a name that PostgreSQL cannot store', { subject: 'a\0' }],
    ['with half a character in a name', { correlation: 'a\ud800' }],
    ['with a name without end', { actor: 'x'.repeat(513) }],
    ['with data that are not JSON', { data: '{' }],
    ['with data that repeat a key', { data: '{"a":1,"a":2}' }],
    ['with data too deep to walk', { data: '['.repeat(99) + ']'.repeat(99) }],
    ['of a message without its data', { type: MessageSent.type }],
  ])('is not let in: one %s', (_, over) => {
    expect(verdict(over)).toEqual({ ok: false, reason: expect.any(String) as string });
  });
});

describe('an event of a message', () => {
  const sent = {
    messageId: 'msg-1-1-0199f1c2-7b3a-7c4d-8e5f-0123456789ab',
    to: 'did:key:z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG',
    ...{ from: 'apiKey:1', attempt: 1 },
  };
  const { attempt: _, ...life } = sent;
  const accepted = {
    ...{ ...plainMessage, ...life, type: 'COMMAND', priority: 'HIGH' },
    ...{ ttlSeconds: 60, payload: { text: 'a\0' } },
  };
  const verdictOn = ({ type }: { type: string }, data: object) =>
    verdict({ type, data: JSON.stringify(data) }).ok;

  it('is let in up to the bounds of its table, NUL in its payload included: that is stored encrypted', () => {
    expect(verdictOn(MessageSent, { ...sent, attempt: 2_147_483_647, from: 'x'.repeat(256) })).toBe(true);
    expect(verdictOn(MessageAccepted, { ...accepted, ttlSeconds: 2_147_483_647 })).toBe(true);
    expect(verdictOn(MessageAccepted, accepted)).toBe(true);
  });

  it.each<[string, object]>([
    ['an attempt that no integer holds', { attempt: 3e9 }],
    ['an attempt before the first', { attempt: -1 }],
    ['a sender without end', { from: 'x'.repeat(257) }],
    ['a sender with NUL', { from: 'a\0' }],
    ['a sender of half a character', { from: 'a\ud800' }],
    ['a recipient without end', { to: 'x'.repeat(8_000) }],
    ['an id without end', { messageId: 'msg-1'.repeat(1_000) }],
  ])('is not let in with %s', (_, over) => {
    expect(verdictOn(MessageSent, { ...sent, ...over })).toBe(false);
  });

  it('is let in with what happened to several messages, and not when one of them cannot be stored', () => {
    const { to, messageId, from } = sent;
    const told = (...senders: string[]) => ({
      to,
      items: senders.map((sender) => ({ messageId, from: sender, attempt: 1 })),
    });
    expect(verdictOn(MessagesSent, told(from, from))).toBe(true);
    for (const sender of ['a\0', 'a\ud800', 'x'.repeat(257)])
      expect(verdictOn(MessagesSent, told(from, sender))).toBe(false);
  });

  it.each([-1, 1.5, 2_147_483_648])('is not let in with a time to live of %d', (ttlSeconds) => {
    expect(verdictOn(MessageAccepted, { ...accepted, ttlSeconds })).toBe(false);
  });
});

describe('batches', () => {
  const entries = (sizes: readonly number[]) =>
    entriesOf(new Map([['bus.1', sizes.map((size, i) => envelope({ data: 'x'.repeat(size) }, i + 1))]]));

  it('take everything, in order, and no more than they may', () => {
    const sizes = fc.array(fc.nat(50), { maxLength: 40 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 10 }), (list, maxEntries) => {
        const all = entries(list);
        const seen: typeof all = [];
        while (seen.length < all.length) {
          const batch = firstBatch(all.slice(seen.length), maxEntries, 60);
          const bytes = batch.reduce((sum, { envelope: { data } }) => sum + data.length, 0);
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length <= maxEntries && (batch.length === 1 || bytes <= 60)).toBe(true);
          seen.push(...batch);
        }
        expect(seen).toEqual(all);
      }),
    );
  });

  it('leave out what is in the log already, and move the cursors to what they hold', () => {
    const all = entries([1, 1, 1]);
    const cursors = cursorsAfter(all.slice(0, 2));
    expect([...cursors]).toEqual([['bus.1', { epoch: 5, position: 2 }]]);
    expect(entriesAfter(all, cursors)).toEqual(all.slice(2));
    expect(entriesAfter(all, new Map())).toEqual(all);
  });

  it('are cut behind what must be carried out before the next is sealed', () => {
    const isOdd = (n: number): boolean => n % 2 === 1;
    expect(cutBehind([], isOdd)).toEqual([]);
    expect(cutBehind([2, 1, 4, 6], isOdd)).toEqual([
      [2, 1],
      [4, 6],
    ]);
    expect(cutBehind([1, 3], isOdd)).toEqual([[1], [3]]);
  });
});
