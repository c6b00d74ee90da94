import type { JsonValue } from '@concordat/contracts';
import { refuseSchema } from '../problem';
import { formats } from './json-schema';

type Read = (value: JsonValue, pointer: string) => void;

const isObject = (value: JsonValue | undefined): value is { [key: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const must =
  (what: string, holds: (value: JsonValue) => boolean): Read =>
  (value, pointer) => {
    if (!holds(value)) refuseSchema(pointer, `must be ${what}`);
  };

const types = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'];
const isNameList = (value: JsonValue): boolean =>
  Array.isArray(value) &&
  value.every((name) => typeof name === 'string') &&
  new Set(value).size === value.length;

const count = must(
  'a whole number, 0 or more',
  (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0,
);
const number = must('a number', (value) => typeof value === 'number');
const text = must('a string', (value) => typeof value === 'string');
const anything: Read = () => undefined;

/** Keywords that say something, and how their values must be; those with subschemas are read by `readJsonSchema`. */
export const assertions: Readonly<Record<string, Read>> = {
  type: must(
    `one of ${types.join(', ')}, or a list of some`,
    (value) =>
      types.includes(value as string) ||
      (isNameList(value) &&
        (value as string[]).length > 0 &&
        (value as string[]).every((t) => types.includes(t))),
  ),
  enum: must('a list of values that is not empty', (value) => Array.isArray(value) && value.length > 0),
  const: anything,
  multipleOf: must('a number above 0', (value) => typeof value === 'number' && value > 0),
  minimum: number,
  exclusiveMinimum: number,
  maximum: number,
  exclusiveMaximum: number,
  minLength: count,
  maxLength: count,
  pattern: text,
  format: must(`one of ${formats.join(', ')}`, (value) => formats.some((name) => name === value)),
  minItems: count,
  maxItems: count,
  uniqueItems: must('true or false', (value) => typeof value === 'boolean'),
  minContains: count,
  maxContains: count,
  minProperties: count,
  maxProperties: count,
  required: must('a list of different names', isNameList),
  dependentRequired: must(
    'lists of names by name',
    (value) => isObject(value) && Object.values(value).every(isNameList),
  ),
};

/** Annotations say nothing of a payload; they are kept with the schema and left out of what is compiled. */
export const annotations: ReadonlySet<string> = new Set([
  ...['$comment', 'title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'],
  ...['contentEncoding', 'contentMediaType'],
]);

/** At the root only: the registry names a schema, and everything is 2020-12. */
export const dialect = 'https://json-schema.org/draft/2020-12/schema';
