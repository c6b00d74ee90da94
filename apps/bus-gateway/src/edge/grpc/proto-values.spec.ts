import { ConcordatError, limits } from '@concordat/contracts';
import fc from 'fast-check';
import { loadRoot } from './grpc-protos';
import { decode } from './grpc-messages';
import { fromProtoStruct, fromProtoValue, toProtoStruct, toProtoValue } from './proto-values';

type Json = Record<string, unknown>;

const root = loadRoot();
const valueType = root.lookupType('google.protobuf.Value');
const structType = root.lookupType('google.protobuf.Struct');

const overTheWire = (value: unknown): unknown => {
  const bytes = valueType.encode(valueType.fromObject(toProtoValue(value) as Json)).finish();
  return fromProtoValue(decode(valueType, bytes));
};
/** Compared as text: matchers of objects trip over keys such as `constructor`. */
const write = (value: unknown): string => JSON.stringify(value);
const codeOf = (act: () => unknown): string | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof ConcordatError ? error.code : String(error);
  }
};

/** What JSON.parse may return: any well-formed text, keys that are names of properties included. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '__proto__', 'constructor', 'toString', 'fields', 'structValue', 'nullValue', 'kind'),
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.oneof(
      fc.constantFrom(null, true, false, 0, '', 2 ** 53, -(2 ** 53), 5e-324, Number.MAX_VALUE),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number)),
      text,
    ),
    fc.array(tie('json'), { maxLength: 5 }),
    fc.array(fc.tuple(text, tie('json')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  ),
}));

describe('JSON as google.protobuf.Value', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(json, (value) => expect(write(fromProtoValue(toProtoValue(value)))).toBe(write(value))),
    );
  });

  it('comes back as it was through the bytes of protobuf', () => {
    fc.assert(
      fc.property(json, (value) => expect(write(overTheWire(value))).toBe(write(value))),
      { numRuns: 500 },
    );
  });

  it('keeps the keys that reach a prototype as keys, and reaches none', () => {
    const value: unknown = JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":1}}');
    const found = overTheWire(value) as Json;
    expect(Object.keys(found)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
    expect(found['admin']).toBeUndefined();
    expect(({} as Json)['admin']).toBeUndefined();
  });

  it('as deep as any answer can hold it / comes back as it was', () => {
    // An event wraps what came in one request, and a page wraps events.
    const nested: unknown = JSON.parse(
      '[{"a":'.repeat(limits.jsonDepth / 2 + 2) + '}]'.repeat(limits.jsonDepth / 2 + 2).replace('}', '1}'),
    );
    expect(write(overTheWire(nested))).toBe(write(nested));
  });

  it('has a kind for each kind of JSON, and null where there is nothing', () => {
    expect([null, undefined, true, 1, 'a', [], {}].map((value) => Object.keys(toProtoValue(value)))).toEqual(
      ['null', 'null', 'bool', 'number', 'string', 'list', 'struct'].map((kind) => [`${kind}Value`]),
    );
  });
});

describe('a JSON object as google.protobuf.Struct', () => {
  it('comes back as it was through the bytes of protobuf', () => {
    const objects = fc
      .array(fc.tuple(text, json), { maxLength: 5 })
      .map((entries) => Object.fromEntries(entries) as Json);
    fc.assert(
      fc.property(objects, (value) => {
        const bytes = structType.encode(structType.fromObject(toProtoStruct(value) as Json)).finish();
        expect(write(fromProtoStruct(decode(structType, bytes)))).toBe(write(value));
      }),
    );
  });

  it('that was not set / is empty', () => {
    expect(fromProtoStruct({})).toEqual({});
  });
});

describe('a Value that is no JSON', () => {
  const refused: [string, Json, string][] = [
    ['of no kind', {}, 'JSON_MALFORMED'],
    ['of two kinds', { stringValue: 'a', numberValue: 1 }, 'JSON_MALFORMED'],
    ['that is NaN', { numberValue: Number.NaN }, 'JSON_NUMBER_UNSAFE'],
    ['that is infinite', { numberValue: -Infinity }, 'JSON_NUMBER_UNSAFE'],
  ];

  it.each(refused)('%s / is refused, wherever it stands', (_name, value, code) => {
    for (const whole of [
      value,
      { listValue: { values: [value] } },
      { structValue: { fields: { a: value } } },
    ])
      expect(codeOf(() => fromProtoValue(whole))).toBe(code);
  });

  it.each([
    ['the bytes of nothing', [], undefined],
    ['a tag without a value', [0x1a], 'INPUT_INVALID'],
    ['a string that ends too early', [0x1a, 5, 0x61], 'INPUT_INVALID'],
    ['a string that is not UTF-8', [0x1a, 1, 0xff], 'INPUT_INVALID'],
    ['a length beyond the message', [0x32, 0x7f], 'INPUT_INVALID'],
    [
      'a length of ten bytes',
      [0x1a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
      'INPUT_INVALID',
    ],
    ['a varint that does not end', new Array<number>(20).fill(0xff), 'INPUT_INVALID'],
    ['the end of a group that never began', [0x0c], 'INPUT_INVALID'],
  ] as const)('%s / is decoded or refused, and nothing else', (_name, bytes, code) => {
    expect(codeOf(() => decode(valueType, Uint8Array.from(bytes)))).toBe(code);
  });

  it('any bytes / are decoded or refused, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect([undefined, 'INPUT_INVALID', 'JSON_TOO_DEEP']).toContain(
          codeOf(() => decode(valueType, bytes)),
        );
      }),
      { numRuns: 2_000 },
    );
  });
});
