import fc from 'fast-check';
import { type DatedKey, keysAt } from './key-history';

const at = (ms: number): string => new Date(ms).toISOString();
const key = (kid: string, from: number, until: number | null): DatedKey => ({
  ...{ alg: 'Ed25519', kid, value: 'AAAA' },
  validFrom: at(from),
  validUntil: until === null ? null : at(until),
});
const kidsAt = (keys: readonly DatedKey[], ms: number): string[] =>
  keysAt(keys, at(ms)).map(({ kid }) => kid);

describe('the keys of an agent at a time', () => {
  const keys = [key('a', 1_000, 2_000), key('b', 2_000, null)];

  it.each([
    [999, []],
    [1_000, ['a']],
    [1_999, ['a']],
    [2_000, ['b']],
    [9_999_999, ['b']],
  ])('at %d ms are %j', (ms, kids) => expect(kidsAt(keys, ms)).toEqual(kids));

  it('is none once the last one has ended', () =>
    expect(kidsAt([key('a', 1_000, 2_000)], 2_000)).toEqual([]));

  it('is none at a time that is not one', () => {
    for (const text of ['', 'now', '2025-13-01T00:00:00Z']) expect(keysAt(keys, text)).toEqual([]);
  });

  it('is exactly one at any time between the first and the last rotation', () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(gaps, fc.nat({ max: 9_000 }), (list, ms) => {
        const starts = list.map((_, i) => list.slice(0, i).reduce((sum, gap) => sum + gap, 0));
        const history = starts.map((from, i) => key(String(i), from, starts[i + 1] ?? null));
        expect(kidsAt(history, ms)).toEqual([String(starts.filter((from) => from <= ms).length - 1)]);
      }),
    );
  });
});
