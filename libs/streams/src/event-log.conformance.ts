import { type EventEnvelope, origin, type Position } from '@concordat/contracts';
import type { EventLog } from './event-log';

export const entry = (at: Position, prev: Position, data = '{}'): EventEnvelope => ({
  id: `iam:${at.epoch}:${at.position}`,
  type: 'concordat.iam.api-key.revoked.v1',
  source: '/concordat/iam',
  subject: 'apiKey:1',
  time: '2026-01-01T00:00:00.000Z',
  tenant: 't1',
  actor: 'agent:a',
  stream: 'apiKey/1',
  version: at.position,
  correlation: null,
  traceparent: null,
  data,
  at,
  prev,
  prevHash: null,
  hash: null,
  signatures: [],
});

const at = (position: number, epoch = 1): Position => (position === 0 ? origin : { epoch, position });
export const entries = (from: number, to: number): EventEnvelope[] =>
  Array.from({ length: to - from + 1 }, (_, i) => entry(at(from + i), at(from + i - 1)));

/** What every event log promises. `source` is fresh in every test. */
export function describeEventLog(name: string, log: () => EventLog): void {
  let source: string;
  let count = 0;
  beforeEach(() => (source = `s${++count}`));

  describe(`an event log ${name}`, () => {
    it('is empty at first', async () => {
      expect(await log().head(source)).toBeUndefined();
    });

    it('appends at the expected head, and gives back exactly what was appended', async () => {
      const batch = [
        entry(at(1), origin, '{"text":"a\\u0000b\\n€"}'),
        { ...entry(at(2), at(1)), correlation: 'c', traceparent: 'tp' },
      ];
      expect(await log().append(source, origin, batch)).toMatchObject({ at: at(2) });
      const read = await log().read([{ source, after: origin }], 10);
      expect(read.get(source)).toEqual(batch);
    });

    it('changes nothing when the head is another, and says which', async () => {
      await log().append(source, origin, entries(1, 2));
      expect(await log().append(source, at(1), entries(2, 3))).toMatchObject({ at: at(2) });
      expect((await log().read([{ source, after: origin }], 10)).get(source)).toHaveLength(2);
    });

    it('lets one of several appends at the same head win', async () => {
      await Promise.all(Array.from({ length: 10 }, () => log().append(source, origin, entries(1, 3))));
      expect((await log().read([{ source, after: origin }], 100)).get(source)).toHaveLength(3);
    });

    it('goes on with a later epoch', async () => {
      await log().append(source, origin, entries(1, 5));
      const later = entry(at(4, 2), at(3));
      expect(await log().append(source, at(5), [later])).toMatchObject({ at: at(4, 2) });
      expect((await log().read([{ source, after: at(5) }], 10)).get(source)).toEqual([later]);
    });

    it('reads several sources, each in order and in bounded portions', async () => {
      const other = `${source}.other`;
      await log().append(source, origin, entries(1, 5));
      await log().append(other, origin, entries(1, 2));
      const requests = [
        { source, after: at(1) },
        { source: other, after: origin },
        { source: `${source}.empty`, after: origin },
      ];
      const read = new Map<string, EventEnvelope[]>();
      // Whichever has news first may come alone.
      while (!read.has(source) || !read.has(other))
        for (const [from, found] of await log().read(requests, 3)) read.set(from, found);
      expect([...read.keys()].sort()).toEqual([source, other].sort());
      expect(read.get(source)!.map((e) => e.at.position)).toEqual([2, 3, 4]);
      expect(read.get(other)!.map((e) => e.at.position)).toEqual([1, 2]);
    });

    it('wakes a waiting reader', async () => {
      const reading = log().read([{ source, after: origin }], 10);
      await log().append(source, origin, entries(1, 1));
      const read = await reading;
      expect(
        read.get(source) ?? (await log().read([{ source, after: origin }], 10)).get(source),
      ).toHaveLength(1);
    });

    it('trims nothing without a durable reader', async () => {
      await log().append(source, origin, entries(1, 50));
      expect(await log().trim(source, 10)).toBe(0);
    });

    it('trims what every durable reader has stored, and keeps the newest and the entry at the cursor', async () => {
      await log().append(source, origin, entries(1, 50));
      await log().saveCursor(source, 'audit', at(45));
      await log().saveCursor(source, 'other', at(20));
      expect(await log().trim(source, 10)).toBe(19);
      expect((await log().read([{ source, after: origin }], 1)).get(source)![0]!.at).toEqual(at(20));
      await log().saveCursor(source, 'other', at(50));
      expect(await log().trim(source, 10)).toBe(20);
      expect((await log().read([{ source, after: origin }], 100)).get(source)).toHaveLength(11);
      expect(await log().head(source)).toMatchObject({ at: at(50) });
    });

    it('trims everything that may go at once, however much it is', async () => {
      for (let from = 1; from <= 5_000; from += 500) {
        const expected = from === 1 ? origin : at(from - 1);
        await log().append(source, expected, entries(from, from + 499));
      }
      await log().saveCursor(source, 'audit', at(5_000));
      expect(await log().trim(source, 100)).toBe(4_899);
    });
  });
}
