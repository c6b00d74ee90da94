import type { JsonValue } from '@concordat/contracts';
import fc from 'fast-check';

type JsonSchema = { [key: string]: JsonValue } | boolean;

/** A small world, so that schemas and payloads meet: few names, few texts, few numbers. */
const names = ['a', 'b', 'ab'] as const;
const name = fc.constantFrom(...names);
const number = fc.constantFrom(-1, 0, 0.5, 1, 2, 3);
const size = fc.constantFrom(0, 1, 2);
const text = fc.constantFrom('', 'a', 'b', 'ab', 'ba', 'aab');
const pattern = fc.constantFrom('a', '^a', '^b$', 'b');
const scalar: fc.Arbitrary<JsonValue> = fc.oneof(number, text, fc.boolean(), fc.constant(null));

export const payload: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 3, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
    { weight: 3, arbitrary: fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }) },
  ),
})).value;

const typeName = fc.constantFrom('null', 'boolean', 'integer', 'number', 'string', 'array', 'object');
const types = fc.oneof(typeName, fc.uniqueArray(typeName, { minLength: 1, maxLength: 3 }));
const keyword = <T>(key: string, value: fc.Arbitrary<T>) =>
  value.map((chosen) => ({ [key]: chosen }) as unknown as { [key: string]: JsonValue });

const schemaOf = (depth: number): fc.Arbitrary<JsonSchema> => {
  const leaf = fc.oneof(
    keyword('type', types),
    keyword('enum', fc.uniqueArray(scalar, { minLength: 1, maxLength: 3 })),
    keyword('const', scalar),
    ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'].map((key) => keyword(key, number)),
    ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'].map((key) =>
      keyword(key, size),
    ),
    keyword('multipleOf', fc.constantFrom(1, 2, 0.5)),
    keyword('pattern', pattern),
    keyword('uniqueItems', fc.boolean()),
    keyword('required', fc.uniqueArray(name, { maxLength: 2 })),
    keyword(
      'dependentRequired',
      fc.dictionary(name, fc.uniqueArray(name, { maxLength: 2 }), { maxKeys: 1, noNullPrototype: true }),
    ),
  );
  if (depth === 0)
    return fc.oneof({ weight: 1, arbitrary: fc.boolean() }, { weight: 8, arbitrary: merged(leaf) });
  const inner = schemaOf(depth - 1);
  const some = fc.array(inner, { minLength: 1, maxLength: 2 });
  const applicator = fc.oneof(
    ...['properties', 'dependentSchemas'].map((key) =>
      keyword(key, fc.dictionary(name, inner, { maxKeys: 2, noNullPrototype: true })),
    ),
    keyword('properties', fc.dictionary(name, inner, { maxKeys: 2, noNullPrototype: true })),
    keyword('patternProperties', fc.dictionary(pattern, inner, { maxKeys: 2, noNullPrototype: true })),
    ...['additionalProperties', 'items', 'propertyNames', 'not'].map((key) => keyword(key, inner)),
    ...['allOf', 'anyOf', 'oneOf', 'prefixItems'].map((key) => keyword(key, some)),
    fc.record({ contains: inner, minContains: fc.constantFrom(1, 2) }) as fc.Arbitrary<{
      [key: string]: JsonValue;
    }>,
    fc.record({ if: inner, then: inner, else: inner }) as fc.Arbitrary<{ [key: string]: JsonValue }>,
  );
  return fc.oneof(
    { weight: 1, arbitrary: fc.boolean() },
    { weight: 8, arbitrary: merged(fc.oneof(leaf, applicator)) },
  );
};

const merged = (part: fc.Arbitrary<{ [key: string]: JsonValue }>): fc.Arbitrary<JsonSchema> =>
  fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => Object.assign({}, ...parts) as JsonSchema);

/** Two versions as authors make them: the newer one is the older one with a change somewhere, or another one. */
export const versions: fc.Arbitrary<readonly [JsonSchema, JsonSchema]> = schemaOf(2).chain((older) =>
  fc.oneof(
    { weight: 1, arbitrary: schemaOf(2).map((newer) => [older, newer] as const) },
    { weight: 6, arbitrary: changed(older).map((newer) => [older, newer] as const) },
  ),
);

/** Drops, replaces, adds or wraps something, here or further in. */
function changed(schema: JsonSchema): fc.Arbitrary<JsonSchema> {
  if (typeof schema === 'boolean') return schemaOf(1);
  const keywords = Object.keys(schema);
  const within = keywords.flatMap((key) => changesWithin(key, schema[key]!));
  return fc.oneof(
    fc.constantFrom(...keywords).map((gone) => without(schema, gone)),
    schemaOf(1).map((more) => (typeof more === 'boolean' ? schema : { ...schema, ...more })),
    schemaOf(0).map((more): JsonSchema => ({ anyOf: [schema, more] })),
    fc.constant<JsonSchema>({ allOf: [schema] }),
    ...within.map((change) => change.map(([key, value]) => ({ ...schema, [key]: value }))),
  );
}

/** Keywords that mean something together only go together. */
const together = [
  ['if', 'then', 'else'],
  ['contains', 'minContains'],
];
const without = (schema: { [key: string]: JsonValue }, keyword: string): JsonSchema => {
  const gone = together.find((group) => group.includes(keyword)) ?? [keyword];
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !gone.includes(key)));
};

const maps = ['properties', 'patternProperties', 'dependentSchemas'];
const lists = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const singles = ['additionalProperties', 'items', 'contains', 'propertyNames', 'not', 'if', 'then', 'else'];

function changesWithin(key: string, value: JsonValue): fc.Arbitrary<[string, JsonValue]>[] {
  if (singles.includes(key)) return [changed(value as JsonSchema).map((next) => [key, next])];
  if (lists.includes(key)) {
    const [first, ...rest] = value as JsonSchema[];
    return [
      changed(first!).map((next) => [key, [next, ...rest]]),
      schemaOf(0).map((next) => [key, [first!, ...rest, next]]),
    ];
  }
  if (maps.includes(key))
    return Object.entries(value as { [key: string]: JsonSchema }).map(([inner, part]) =>
      changed(part).map((next) => [key, { ...(value as object), [inner]: next }]),
    );
  return [];
}
