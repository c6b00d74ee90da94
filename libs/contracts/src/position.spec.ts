import fc from 'fast-check';
import {
  comparePositions,
  formatPosition,
  formatPositions,
  origin,
  parsePosition,
  parsePositions,
  type Position,
  positionSchema,
} from './position';

const numbers = fc.oneof(fc.nat(), fc.nat(Number.MAX_SAFE_INTEGER));
const positions = fc.record({ epoch: numbers, position: numbers });

describe('a position', () => {
  it('comes back from its text', () => {
    fc.assert(
      fc.property(positions, (at) => {
        expect(parsePosition(formatPosition(at))).toEqual(at);
        expect(positionSchema.parse(at)).toEqual(at);
      }),
    );
    expect(formatPosition(origin)).toBe('0-0');
  });

  it('has one text only: whatever is read is written the same', () => {
    const texts = fc.string({
      unit: fc.constantFrom(...'0123456789-', '9007199254740991', '9007199254740992'),
    });
    fc.assert(
      fc.property(texts, (text) => {
        const at = parsePosition(text);
        expect(at === undefined || formatPosition(at) === text).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    '',
    '1',
    '1-',
    '-1',
    '01-1',
    '1-01',
    '00-0',
    '+1-1',
    '1--1',
    '1-1-1',
    '1-1.0',
    '1e3-1',
    '0x1-1',
    ' 1-1',
    '1-1\n',
    '1-9007199254740992',
    '9007199254740993-1',
    '1-99999999999999999',
    '١-١',
  ])('is not %j', (text) => {
    expect(parsePosition(text)).toBeUndefined();
  });

  it('comes after those of earlier epochs and before higher ones of its own', () => {
    const order: Position[] = [
      { epoch: 2, position: 0 },
      { epoch: 1, position: 10 },
      { epoch: 1, position: 9 },
    ];
    expect([...order].sort(comparePositions)).toEqual([...order].reverse());
    fc.assert(
      fc.property(positions, positions, (a, b) => {
        expect(Math.sign(comparePositions(a, b))).toBe(-Math.sign(comparePositions(b, a)) + 0);
        expect(comparePositions(a, b) === 0).toBe(formatPosition(a) === formatPosition(b));
      }),
    );
  });
});

describe('the positions of several sources', () => {
  const sources = fc.stringMatching(/^[a-z][a-z0-9.-]{0,31}$/);

  it('come back from their header', () => {
    fc.assert(
      fc.property(
        fc.dictionary(sources, positions, { minKeys: 1, maxKeys: 16, noNullPrototype: true }),
        (all) => {
          expect(parsePositions(formatPositions(all))).toEqual(all);
        },
      ),
    );
  });

  it('may have spaces around them, as lists in headers do', () => {
    expect(parsePositions('iam:1763640000000-42, vault:1763640000100-7')).toEqual({
      iam: { epoch: 1763640000000, position: 42 },
      vault: { epoch: 1763640000100, position: 7 },
    });
  });

  it('are at most sixteen', () => {
    const header = (count: number): string => Array.from({ length: count }, (_, i) => `s${i}:1-1`).join(',');
    expect(Object.keys(parsePositions(header(16))!)).toHaveLength(16);
    expect(parsePositions(header(17))).toBeUndefined();
    expect(parsePositions(header(100_000))).toBeUndefined();
  });

  it.each([
    '',
    ',',
    'iam',
    'iam:',
    ':1-1',
    'iam:1',
    'iam:01-1',
    'iam:1-9007199254740992',
    'iam:1-1,',
    'iam:1-1,,vault:1-1',
    'iam:1-1;vault:1-1',
    'IAM:1-1',
    '1am:1-1',
    '__proto__:1-1',
    `${'a'.repeat(33)}:1-1`,
    'iam:1-1,iam:1-2',
    'iam:1-1,iam:1-1',
  ])('are not %j', (text) => {
    expect(parsePositions(text)).toBeUndefined();
  });

  it('may name what objects inherit', () => {
    expect(Object.keys(parsePositions('constructor:1-1')!)).toEqual(['constructor']);
  });
});
