import fc from 'fast-check';
import { type ConcordatError, isConcordatError } from '../errors';
import { limits } from '../limits';
import { parseStrictJson } from './strict-json';

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

function refusal(input: Uint8Array | string): ConcordatError | undefined {
  try {
    parseStrictJson(input);
    return undefined;
  } catch (error) {
    if (isConcordatError(error)) return error;
    throw error;
  }
}

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('valid JSON', () => {
  /** JSON.stringify writes whole doubles beyond 2^53 as integers, which we refuse. */
  const isExact = (value: unknown): boolean => {
    if (typeof value === 'number')
      return !Number.isInteger(value) || Number.isSafeInteger(value) || String(value).includes('e');
    if (typeof value !== 'object' || value === null) return true;
    return Object.entries(value).every(([key, inner]) => key !== '__proto__' && isExact(inner));
  };
  const values = fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' }).filter(isExact);

  it('reads as JSON.parse reads it, from text and from bytes, with and without white space', () => {
    fc.assert(
      fc.property(values, fc.constantFrom(undefined, '\t', '   '), (value, space) => {
        const text = JSON.stringify(value, null, space);
        expect(parseStrictJson(text)).toEqual(JSON.parse(text));
        expect(parseStrictJson(bytes(`\r\n ${text}\t`))).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  it('reads the same with every character of its strings escaped', () => {
    const escaped = (text: string): string =>
      text.replace(/[^\n]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (key, value) => {
        fc.pre(key !== '__proto__' && !`${key}${value}`.includes('\n'));
        const text = `{"${escaped(key)}":"${escaped(value)}"}`;
        expect(Object.entries(parseStrictJson(text) as object)).toEqual([[key, value]]);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    '0',
    '-0',
    'true',
    'null',
    '""',
    ' [] ',
    '{"a":{"b":[1,2.5e-3]}}',
    '"\\ud83d\\ude00"',
    '"\u2028"',
  ])('of the form %s is accepted', (text) => {
    expect(parseStrictJson(bytes(text))).toEqual(JSON.parse(text));
  });

  it('may use one key in several objects, at any depth', () => {
    const text = '{"a":{"a":[{"a":1},{"a":2}]},"b":{"a":1}}';
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  });

  it('may hold keys that are only inherited names, as own properties', () => {
    const value = parseStrictJson('{"constructor":1,"toString":2,"hasOwnProperty":3,"proto":4}');
    expect(Object.keys(value as object)).toEqual(['constructor', 'toString', 'hasOwnProperty', 'proto']);
  });

  it('may hold strings that look like keys, numbers or brackets', () => {
    const text = '{"a":"{\\"a\\":1e999,","b":["a","a",":","__proto__","[[[","\\\\"]}';
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  });
});

describe('the depth', () => {
  it('of 32 is accepted and of 33 refused, for arrays, objects and both', () => {
    const objects = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
    const both = (depth: number): string => '[{"a":'.repeat(depth / 2) + '1' + '}]'.repeat(depth / 2);
    expect(limits.jsonDepth).toBe(32);
    expect(refusal(nested(32))).toBeUndefined();
    expect(refusal(objects(32))).toBeUndefined();
    expect(refusal(both(32))).toBeUndefined();
    expect(refusal(nested(33))?.code).toBe('JSON_TOO_DEEP');
    expect(refusal(objects(33))?.code).toBe('JSON_TOO_DEEP');
    expect(refusal(both(34))?.code).toBe('JSON_TOO_DEEP');
  });

  it('counts what is open, not what there is', () => {
    expect(refusal(`[${'[],{},'.repeat(1_000)}1]`)).toBeUndefined();
  });

  it('of a million arrays is refused, closed or not, and does not overflow the stack', () => {
    expect(refusal('['.repeat(1_000_000))?.code).toBe('JSON_TOO_DEEP');
    expect(refusal(nested(500_000))?.code).toBe('JSON_TOO_DEEP');
    expect(refusal('{"a":'.repeat(200_000))?.code).toBe('JSON_TOO_DEEP');
  });
});

describe('the keys of an object', () => {
  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"b":2,"a":3}',
    '{"a":1,"\\u0061":2}',
    '{"\\u0061":1,"a":2}',
    '{"\\/":1,"/":2}',
    '{"\\n":1,"\\u000a":2}',
    '{"":1,"":2}',
    '{"a" :1 , "a"\n:\t2}',
    '[{"x":{"a":1,"b":[],"a":2}}]',
    '{"a":[{"a":1}],"a":2}',
    '{"\u00e9":1,"\\u00E9":2}',
    '{"1":1,"1":2}',
    '{"toString":1,"toString":2}',
  ])('that come twice are refused: %s', (text) => {
    expect(refusal(bytes(text))?.code).toBe('JSON_DUPLICATE_KEY');
  });

  it.each([
    '{"__proto__":{}}',
    '{"__proto\\u005f_":1}',
    '{"\\u005f\\u005fproto\\u005F\\u005f":null}',
    '[[{"a":{"__proto__" : 1}}]]',
  ])('named __proto__ are refused: %s', (text) => {
    expect(refusal(bytes(text))?.code).toBe('JSON_FORBIDDEN_KEY');
  });
});

describe('a number', () => {
  it.each([
    '9007199254740991',
    '-9007199254740991',
    '0.1',
    '1e308',
    '1e21',
    '-6.02214076e23',
    '5e-324',
    '1.7976931348623157e308',
    '0e999',
    '0.000e-999',
    '123456789012345',
    '1E+2',
  ])('%s is accepted', (text) => {
    expect(parseStrictJson(`{"n":${text}}`)).toEqual({ n: Number(text) });
  });

  it.each([
    '9007199254740992',
    '9007199254740993.0',
    '12345678901234567.5',
    '1e17',
    '-1e20',
    '1000000000000000000000',
    '9007199254740993',
    '-9007199254740993',
    '12345678901234567890',
    '1e999',
    '-1e999',
    '1.5e309',
    '1e-400',
    '-0.001e-330',
    '1'.repeat(400),
  ])('%s is refused', (text) => {
    expect(refusal(text)?.code).toBe('JSON_NUMBER_UNSAFE');
    expect(refusal(`[{"n":[1,${text}]}]`)?.code).toBe('JSON_NUMBER_UNSAFE');
  });

  it('of up to 2^53 comes back exactly, and beyond is refused', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }), (n) => {
        const isSafe = n < 2n ** 53n && n > -(2n ** 53n);
        expect(refusal(String(n))?.code).toBe(isSafe ? undefined : 'JSON_NUMBER_UNSAFE');
        if (isSafe) expect(BigInt(parseStrictJson(String(n)) as number)).toBe(n);
      }),
    );
  });
});

describe('text that is not Unicode', () => {
  it.each([
    ['a byte that begins nothing', [0x22, 0xff, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['a surrogate in UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a cut character', [0x22, 0xe2, 0x82, 0x22]],
    ['a character beyond U+10FFFF', [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
    ['a byte order mark', [0xef, 0xbb, 0xbf, 0x7b, 0x7d]],
    ['UTF-16', [0x7b, 0, 0x7d, 0]],
  ])('with %s is refused', (_, input) => {
    expect(refusal(Uint8Array.from(input))?.code).toBe('JSON_MALFORMED');
  });

  it.each([
    '"\\ud800"',
    '"\\udc00"',
    '"\\ude00\\ud83d"',
    '["a\\ud83dz"]',
    '{"\\ud800":1}',
    '{"a":{"x\\udfff":1}}',
    '"\ud800"',
    '{"\udc00":1}',
    '"\ud83d\\ude00"',
  ])('with the lone surrogate of %j is refused, in keys and values', (text) => {
    expect(refusal(text)?.code).toBe('JSON_MALFORMED');
  });
});

describe('the size', () => {
  it('of 1 MiB is accepted and of one byte more refused', () => {
    const body = (size: number): Buffer => bytes(`"${'a'.repeat(size - 2)}"`);
    expect(refusal(body(1_048_576))).toBeUndefined();
    expect(refusal(body(1_048_577))?.code).toBe('PAYLOAD_TOO_LARGE');
  });

  it('of text counts in bytes of UTF-8', () => {
    expect(refusal(`"${'\u00e9'.repeat(524_287)}"`)).toBeUndefined();
    expect(refusal(`"${'\u00e9'.repeat(524_288)}"`)?.code).toBe('PAYLOAD_TOO_LARGE');
  });

  it('may be bounded lower', () => {
    expect(parseStrictJson('[1]', 3)).toEqual([1]);
    expect(() => parseStrictJson('[1]', 2)).toThrow('PAYLOAD_TOO_LARGE');
  });
});
