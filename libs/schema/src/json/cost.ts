import type { JsonValue } from '@concordat/contracts';
import { type Keywords, sameValue, type Schema } from './json-schema';

/** Steps of checking one value, by its depth in the payload: never fewer than are taken. */
export type Widths = readonly number[];

/** @param schema without references */
export function widthsOf(schema: Schema): Widths {
  if (typeof schema === 'boolean') return [1];
  const own = 1 + entries(schema.properties) + (schema.required?.length ?? 0) + listed(schema);
  const below = larger(objectWidths(schema), arrayWidths(schema));
  return sum([[own, ...below], ...sameValue(schema).map(widthsOf)]);
}

const entries = (map: object = {}): number => Object.keys(map).length;

const listed = ({ enum: values = [], const: value = null, dependentRequired = {} }: Keywords): number =>
  sizeOf([...values, value]) + Object.values(dependentRequired).flat().length;

const sizeOf = (value: JsonValue): number =>
  typeof value === 'object' && value !== null
    ? Object.values(value).reduce((size: number, part) => size + sizeOf(part), 1)
    : 1;

/** A property is checked by the schema of its name, and by those of all patterns and of the rest. */
function objectWidths({
  properties,
  patternProperties,
  additionalProperties,
  propertyNames,
}: Keywords): Widths {
  const named = Object.values(properties ?? {}).map(widthsOf);
  const others = [...Object.values(patternProperties ?? {}), additionalProperties, propertyNames];
  return sum([named.reduce(larger, []), ...others.filter((part) => part !== undefined).map(widthsOf)]);
}

function arrayWidths({ prefixItems = [], items, contains }: Keywords): Widths {
  const byPlace = [...prefixItems, ...(items === undefined ? [] : [items])].map(widthsOf);
  return sum([byPlace.reduce(larger, []), ...(contains === undefined ? [] : [widthsOf(contains)])]);
}

const combine = (one: Widths, other: Widths, how: (a: number, b: number) => number): Widths =>
  Array.from({ length: Math.max(one.length, other.length) }, (_, at) => how(one[at] ?? 0, other[at] ?? 0));
const larger = (one: Widths, other: Widths): Widths => combine(one, other, Math.max);
const sum = (all: readonly Widths[]): Widths =>
  all.reduce((one, other) => combine(one, other, (a, b) => a + b), []);

/** @returns steps of checking the payload: a long string is measured, so it counts as more than one value */
export function costOf(payload: JsonValue, widths: Widths, depth = 0): number {
  const width = widths[depth];
  if (width === undefined) return 0;
  if (typeof payload === 'string') return width * (1 + (payload.length >> 4));
  if (typeof payload !== 'object' || payload === null) return width;
  let cost = width;
  for (const part of Object.values(payload)) cost += costOf(part, widths, depth + 1);
  return cost;
}
