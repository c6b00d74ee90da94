import { isDeepStrictEqual } from 'node:util';
import type { JsonValue } from '@concordat/contracts';

type Keywords = { readonly [key: string]: JsonValue };
type Schema = Keywords | boolean;
type Rule = (value: JsonValue, said: never, schema: Keywords) => boolean;

const isNumber = (value: JsonValue): value is number => typeof value === 'number';
const isArray = (value: JsonValue): value is JsonValue[] => Array.isArray(value);
const isObject = (value: JsonValue): value is { [key: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const has = (value: object, name: string): boolean => Object.hasOwn(value, name);

const isOfType = (value: JsonValue, type: string): boolean => {
  if (type === 'null') return value === null;
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return isArray(value);
  return type === 'object' ? isObject(value) : typeof value === type;
};

const ofNumbers = (holds: (value: number, bound: number) => boolean): Rule =>
  ((value: JsonValue, bound: number) => !isNumber(value) || holds(value, bound)) as Rule;
const counted = (
  count: (value: JsonValue) => number | undefined,
  holds: (n: number, bound: number) => boolean,
) =>
  ((value: JsonValue, bound: number) => {
    const n = count(value);
    return n === undefined || holds(n, bound);
  }) as Rule;
const least = (n: number, bound: number): boolean => n >= bound;
const most = (n: number, bound: number): boolean => n <= bound;
const characters = (value: JsonValue) => (typeof value === 'string' ? [...value].length : undefined);
const items = (value: JsonValue) => (isArray(value) ? value.length : undefined);
const properties = (value: JsonValue) => (isObject(value) ? Object.keys(value).length : undefined);

/** JSON Schema 2020-12, keyword by keyword as the specification says it: slow, and plainly right. */
const rules: Readonly<Record<string, Rule>> = {
  type: (value, types: string | string[]) => [types].flat().some((type) => isOfType(value, type)),
  enum: (value, values: JsonValue[]) => values.some((one) => isDeepStrictEqual(one, value)),
  const: (value, one: JsonValue) => isDeepStrictEqual(one, value),
  minimum: ofNumbers(least),
  maximum: ofNumbers(most),
  exclusiveMinimum: ofNumbers((value, bound) => value > bound),
  exclusiveMaximum: ofNumbers((value, bound) => value < bound),
  multipleOf: ofNumbers((value, unit) => Number.isInteger(value / unit)),
  minLength: counted(characters, least),
  maxLength: counted(characters, most),
  minItems: counted(items, least),
  maxItems: counted(items, most),
  minProperties: counted(properties, least),
  maxProperties: counted(properties, most),
  pattern: (value, source: string) => typeof value !== 'string' || new RegExp(source, 'u').test(value),
  uniqueItems: (value, isWanted: boolean) =>
    !isWanted ||
    !isArray(value) ||
    value.every((one, at) => !value.slice(0, at).some((other) => isDeepStrictEqual(one, other))),
  prefixItems: (value, schemas: Schema[]) =>
    !isArray(value) || schemas.every((schema, at) => at >= value.length || evaluate(schema, value[at]!)),
  items: (value, schema: Schema, { prefixItems = [] }) =>
    !isArray(value) || value.slice((prefixItems as Schema[]).length).every((item) => evaluate(schema, item)),
  contains: (value, schema: Schema, { minContains = 1, maxContains = Infinity }) => {
    if (!isArray(value)) return true;
    const found = value.filter((item) => evaluate(schema, item)).length;
    return found >= (minContains as number) && found <= (maxContains as number);
  },
  required: (value, names: string[]) => !isObject(value) || names.every((name) => has(value, name)),
  dependentRequired: (value, lists: Record<string, string[]>) =>
    !isObject(value) ||
    Object.entries(lists).every(
      ([name, names]) => !has(value, name) || names.every((other) => has(value, other)),
    ),
  dependentSchemas: (value, schemas: Record<string, Schema>) =>
    !isObject(value) ||
    Object.entries(schemas).every(([name, schema]) => !has(value, name) || evaluate(schema, value)),
  properties: (value, schemas: Record<string, Schema>) =>
    !isObject(value) ||
    Object.entries(schemas).every(([name, schema]) => !has(value, name) || evaluate(schema, value[name]!)),
  patternProperties: (value, schemas: Record<string, Schema>) =>
    !isObject(value) ||
    Object.entries(schemas).every(([source, schema]) =>
      Object.entries(value).every(
        ([name, part]) => !new RegExp(source, 'u').test(name) || evaluate(schema, part),
      ),
    ),
  additionalProperties: (value, schema: Schema, { properties: named = {}, patternProperties = {} }) =>
    !isObject(value) ||
    Object.entries(value).every(
      ([name, part]) =>
        has(named as object, name) ||
        Object.keys(patternProperties as object).some((source) => new RegExp(source, 'u').test(name)) ||
        evaluate(schema, part),
    ),
  propertyNames: (value, schema: Schema) =>
    !isObject(value) || Object.keys(value).every((name) => evaluate(schema, name)),
  allOf: (value, schemas: Schema[]) => schemas.every((schema) => evaluate(schema, value)),
  anyOf: (value, schemas: Schema[]) => schemas.some((schema) => evaluate(schema, value)),
  oneOf: (value, schemas: Schema[]) => schemas.filter((schema) => evaluate(schema, value)).length === 1,
  not: (value, schema: Schema) => !evaluate(schema, value),
  if: (value, schema: Schema, { then = true, else: otherwise = true }) =>
    evaluate((evaluate(schema, value) ? then : otherwise) as Schema, value),
};

/** Whether a payload is valid under a schema without references. */
export const evaluate = (schema: Schema, value: JsonValue): boolean =>
  typeof schema === 'boolean'
    ? schema
    : Object.entries(schema).every(
        ([keyword, said]) => rules[keyword]?.(value, said as never, schema) ?? true,
      );
