import type { JsonValue } from '@concordat/contracts';
import { bounds } from './bounds';
import { compileSchema, incompatibility } from './compile-schema';

type Json = { [key: string]: JsonValue };
const check = (schema: Json, payload: JsonValue) => compileSchema({ encoding: 'json', schema })(payload);
const refusal = (schema: JsonValue): unknown => {
  try {
    compileSchema({ encoding: 'json', schema });
    return undefined;
  } catch (error) {
    return error;
  }
};
const placeOf = (schema: Json): string | undefined =>
  (refusal(schema) as { errors: { pointer: string }[] } | undefined)?.errors[0]?.pointer;
const change = (older: Json, newer: Json) =>
  incompatibility({ encoding: 'json', schema: older }, { encoding: 'json', schema: newer });
const nested = (levels: number): Json => (levels === 0 ? {} : { items: nested(levels - 1) });
const many = (count: number, one: JsonValue): Json =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`p${at}`, one]));

const order: Json = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'An order',
  type: 'object',
  required: ['id', 'lines'],
  properties: {
    id: { type: 'string', pattern: '^o-[0-9]{1,9}$' },
    lines: { type: 'array', minItems: 1, items: { $ref: '#/$defs/line' } },
  },
  additionalProperties: false,
  $defs: {
    line: {
      type: 'object',
      required: ['sku'],
      properties: { sku: { type: 'string' }, count: { type: 'integer' } },
    },
  },
};

describe('a payload under a JSON Schema', () => {
  it('is taken when it satisfies it', () =>
    expect(check(order, { id: 'o-1', lines: [{ sku: 'a', count: 2 }] })).toEqual([]));

  it.each<[string, JsonValue, string, RegExp]>([
    ['lacks a property', { id: 'o-1' }, '/payload', /required property 'lines'/],
    [
      'has a wrong type far in',
      { id: 'o-1', lines: [{ sku: 'a' }, { sku: 1 }] },
      '/payload/lines/1/sku',
      /string/,
    ],
    ['misses a pattern', { id: 'x', lines: [{ sku: 'a' }] }, '/payload/id', /pattern/],
    ['has a property more', { id: 'o-1', lines: [{ sku: 'a' }], 'a/b': 1 }, '/payload/a~1b', /additional/],
    ['is no object', 7, '/payload', /object/],
  ])('that %s is refused with the place and the reason', (_, payload, pointer, message) =>
    expect(check(order, payload)).toMatchObject([
      { pointer, message: expect.stringMatching(message) as string },
    ]),
  );

  it('has no property that it only inherits', () => {
    const schema = { required: ['constructor'], properties: { toString: { type: 'string' } } };
    expect(check(schema, {})).toHaveLength(1);
    expect(check(schema, { constructor: 1 })).toEqual([]);
  });

  it('has the formats that are promised, and items that are unique by value', () => {
    expect(check({ format: 'uuid' }, 'x')).toHaveLength(1);
    expect(check({ format: 'date-time' }, '2026-01-01T00:00:00Z')).toEqual([]);
    expect(
      check({ uniqueItems: true }, [
        { a: 1, b: [2] },
        { b: [2], a: 1 },
      ]),
    ).toHaveLength(1);
    expect(check({ uniqueItems: true }, ['1', 1, '__proto__', null, true])).toEqual([]);
    expect(check({ uniqueItems: true }, ['__proto__', '__proto__'])).toHaveLength(1);
  });
});

describe('a payload that ajv by itself would take', () => {
  it.each<[string, Json, JsonValue]>([
    [
      'because its array is shorter than the prefix',
      { prefixItems: [{}, { type: 'null' }], contains: { type: 'string' } },
      [1],
    ],
    [
      'because the array before it had what it lacks',
      { items: { contains: { type: 'string' } } },
      [['a'], []],
    ],
    ['because it inherits what it lacks', { required: ['toString'] }, {}],
  ])('%s is refused', (_, schema, payload) => expect(check(schema, payload)).toHaveLength(1));
});

describe('a schema that would be a danger', () => {
  it.each<[string, Json, string]>([
    ['fetches another', { $ref: 'https://example.org/s.json' }, '/schema/$ref'],
    ['names itself', { $defs: { a: { $ref: '#/$defs/a' } } }, '/schema/$defs/a/$ref'],
    [
      'names itself round about',
      { $defs: { a: { items: { $ref: '#/$defs/b' } }, b: { not: { $ref: '#/$defs/a' } } } },
      '/schema/$defs/a/items/$ref/not/$ref',
    ],
    ['names nothing', { $ref: '#/$defs/a' }, '/schema/$ref'],
    [
      'has a word we do not know',
      { properties: { a: { unevaluatedProperties: false } } },
      '/schema/properties/a/unevaluatedProperties',
    ],
    ['reads the payload for its bounds', { maximum: { $data: '1/x' } }, '/schema/maximum'],
    ['has a format we do not check', { format: 'regex' }, '/schema/format'],
    ['has a pattern with a look-ahead', { pattern: '(?=a)a' }, '/schema/pattern'],
    ['has a pattern that unrolls', { pattern: '((a{100}){100}){100}' }, '/schema/pattern'],
    [
      'has a long pattern',
      { patternProperties: { ['a'.repeat(257)]: {} } },
      `/schema/patternProperties/${'a'.repeat(257)}`,
    ],
    [
      'has too many patterns',
      { anyOf: Array.from({ length: 65 }, (_, at) => ({ pattern: `a${at}` })) },
      '/schema/anyOf/64/pattern',
    ],
    ['is too deep', nested(40), `/schema${'/items'.repeat(33)}`],
    [
      'is too large',
      { properties: many(bounds.subschemas, {}) },
      `/schema/properties/p${bounds.subschemas - 1}`,
    ],
  ])('because it %s is refused with the place', (_, schema, place) => expect(placeOf(schema)).toBe(place));

  it('because it doubles itself again and again is refused', () => {
    const defs = Object.fromEntries(
      Array.from({ length: 20 }, (_, at): [string, Json] => [
        `d${at}`,
        at === 0
          ? { type: 'null' }
          : { anyOf: [{ $ref: `#/$defs/d${at - 1}` }, { $ref: `#/$defs/d${at - 1}` }] },
      ]),
    );
    expect(refusal({ $defs: defs })).toMatchObject({ code: 'SCHEMA_INVALID' });
  });

  it('because it is no object is refused', () => {
    for (const schema of [null, true, 1, 'x', []])
      expect(refusal(schema)).toMatchObject({ code: 'SCHEMA_INVALID' });
  });

  it('because its names are code is only a schema', () => {
    const names = ['"]);throw new Error("x");//', '${process.exit(1)}', '`', '\u2028', "'"];
    const schema = { properties: Object.fromEntries(names.map((name) => [name, { const: name }])) };
    expect(check(schema, Object.fromEntries(names.map((name) => [name, name])))).toEqual([]);
    expect(check(schema, { '`': 1 })).toHaveLength(1);
  });
});

describe('a payload that would take long', () => {
  const tooLarge = [
    { pointer: '/payload', message: expect.stringMatching(/too large for its schema/) as string },
  ];

  it('for a pattern that makes other engines hang is matched in a moment', () =>
    expect(check({ pattern: '^(a+)+$' }, `${'a'.repeat(5_000)}!`)).toHaveLength(1));

  it('for a pattern with many ways is refused before it is slow', () =>
    expect(check({ pattern: '(a?){99}(b?){99}c' }, 'ab'.repeat(100_000))).toEqual(tooLarge));

  it('because every item is tried in many cases is refused', () => {
    const items = { anyOf: Array.from({ length: 200 }, (_, at) => ({ const: at })) };
    expect(
      check(
        { items },
        Array.from({ length: 100_000 }, () => -1),
      ),
    ).toEqual(tooLarge);
  });
});

describe('a newer version', () => {
  it.each<[string, Json, Json, string]>([
    ['requires more', {}, { required: ['a'] }, '/required'],
    ['narrows a type', { type: ['string', 'null'] }, { type: 'string' }, '/type'],
    ['makes numbers integers', { type: 'number' }, { type: 'integer' }, '/type'],
    ['lists fewer values', { enum: ['a', 'b'] }, { enum: ['a'] }, '/enum'],
    ['lists values', { type: 'string' }, { enum: ['a'] }, '/enum'],
    [
      'closes an object',
      { properties: { a: {} } },
      { properties: { a: {} }, additionalProperties: false },
      '/additionalProperties',
    ],
    [
      'drops a property of a closed object',
      { properties: { a: {} }, additionalProperties: false },
      { additionalProperties: false },
      '/additionalProperties',
    ],
    [
      'constrains a new property of an open object',
      { properties: {} },
      { properties: { a: { type: 'string' } } },
      '/properties/a',
    ],
    ['raises a minimum', { minimum: 1 }, { minimum: 2 }, '/minimum'],
    ['excludes the bound itself', { maximum: 1 }, { exclusiveMaximum: 1 }, '/exclusiveMaximum'],
    ['shortens', { maxLength: 9 }, { maxLength: 8 }, '/maxLength'],
    ['has another pattern', { pattern: 'a' }, { pattern: 'b' }, '/pattern'],
    [
      'takes a case away',
      { anyOf: [{ type: 'string' }, { type: 'null' }] },
      { anyOf: [{ type: 'string' }] },
      '/anyOf',
    ],
    [
      'has other cases of which one holds',
      { oneOf: [{ type: 'number' }] },
      { oneOf: [{ type: 'number' }, { minimum: 0 }] },
      '/oneOf',
    ],
  ])('that %s is refused with the place', (_, older, newer, pointer) =>
    expect(change(older, newer)).toMatchObject({ pointer, message: expect.stringMatching(/./) as string }),
  );

  it.each<[string, Json, Json]>([
    ['has other words of description', { title: 'a', type: 'string' }, { title: 'b', type: 'string' }],
    ['asks for less', { required: ['a', 'b'] }, { required: ['b'] }],
    ['widens a type', { type: 'integer' }, { type: ['number', 'string'] }],
    [
      'adds a property to a closed object',
      { properties: { a: {} }, additionalProperties: false },
      { properties: { a: {}, b: { type: 'string' } }, additionalProperties: false },
    ],
    [
      'writes a definition in place',
      { $defs: { a: { type: 'string' } }, items: { $ref: '#/$defs/a' } },
      { items: { type: 'string' } },
    ],
    [
      'adds a case',
      { type: ['string', 'null'] },
      { anyOf: [{ type: 'null' }, { type: 'string' }, { type: 'array' }] },
    ],
    ['takes what was listed', { enum: [1, 2, 'x'] }, { type: ['string', 'integer'], maximum: 2 }],
    ['bounds what is not there', { type: 'string' }, { minimum: 5 }],
    ['excludes less', { not: { type: 'string' } }, { not: { type: 'string', minLength: 1 } }],
  ])('that %s is compatible', (_, older, newer) => expect(change(older, newer)).toBeUndefined());
});
