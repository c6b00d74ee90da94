import { limits } from '@concordat/contracts';
import fc from 'fast-check';
import { z } from 'zod';
import { cursorsOf, cutPage } from './page';

describe('a cursor', () => {
  const place = z.strictObject({ before: z.number() });
  const cursors = cursorsOf(place, { operation: 'audit.events', type: 'a', subject: undefined });
  const refusal = 'The cursor is not one of this list.';

  it('comes back as it was written, also when the fields of the query come in another order', () => {
    const cursor = cursors.write({ before: 42 });
    expect(cursors.read(cursor)).toEqual({ before: 42 });
    expect(cursorsOf(place, { type: 'a', operation: 'audit.events' }).read(cursor)).toEqual({ before: 42 });
  });

  it('is refused by a query with other filters, and by another operation', () => {
    const cursor = cursors.write({ before: 42 });
    for (const query of [
      { operation: 'audit.events', type: 'b' },
      { operation: 'audit.events', type: 'a', subject: 'a' },
      { operation: 'audit.events', subject: 'a' },
      { operation: 'audit.messages', type: 'a' },
      {},
    ])
      expect(() => cursorsOf(place, query).read(cursor)).toThrow(refusal);
  });

  it('is refused when it is not one of the list, whatever it is', () => {
    const strange = cursorsOf(z.looseObject({}), { operation: 'audit.events', type: 'a' });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((text) => strange.write({ text })),
        ),
        (text) => {
          expect(() => cursors.read(text)).toThrow(refusal);
        },
      ),
    );
  });
});

describe('a page', () => {
  it('holds as many rows as were asked for, and knows whether there are more', () => {
    expect(cutPage([1, 2, 3], 2, () => 1)).toEqual({ rows: [1, 2], isLast: false });
    expect(cutPage([1, 2], 2, () => 1)).toEqual({ rows: [1, 2], isLast: true });
    expect(cutPage([], 2, () => 1)).toEqual({ rows: [], isLast: true });
  });

  it('holds no more than a chunk, but always one row, so that paging ends', () => {
    const size = fc.integer({ min: 1, max: 2 * limits.chunkBytes });
    fc.assert(
      fc.property(fc.array(size, { minLength: 1 }), fc.integer({ min: 1, max: 50 }), (all, limit) => {
        const seen: number[] = [];
        while (seen.length < all.length) {
          const { rows, isLast } = cutPage(all.slice(seen.length, seen.length + limit + 1), limit, (n) => n);
          expect(rows.length).toBeGreaterThan(0);
          expect(rows.length === 1 || rows.reduce((a, b) => a + b) <= limits.chunkBytes).toBe(true);
          seen.push(...rows);
          expect(isLast).toBe(seen.length === all.length);
        }
        expect(seen).toEqual(all);
      }),
    );
  });
});
