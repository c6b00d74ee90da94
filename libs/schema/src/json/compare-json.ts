import type { JsonValue } from '@concordat/contracts';
import type { ValidateFunction } from 'ajv/dist/core';
import { bounds } from '../bounds';
import { Comparison, type Incompatibility, Undecided } from './comparison';
import { validatorOf } from './compile-json';
import { expand } from './expand';
import { factsOf } from './facts';
import type { Schema } from './json-schema';
import { metered, TooMuchWork } from './meter';
import type { Pattern } from './pattern';
import type { ReadSchema } from './read-json-schema';

/**
 * Whether every payload that is valid under the older version is valid under the newer one.
 * @returns undefined when that is so; else why not, or that it could not be decided
 */
export function compareJsonSchemas(older: ReadSchema, newer: ReadSchema): Incompatibility | undefined {
  const patterns = new Map([...older.patterns, ...newer.patterns]);
  const matches = (pattern: string, name: string): boolean => patterns.get(pattern)!.test(name);
  const comparison = new Comparison(acceptor(patterns), matches);
  const [before, after] = [factsOf(expand(older.schema)), expand(newer.schema)];
  try {
    return metered(0, () => comparison.includes(before, after, ''));
  } catch (error) {
    if (!(error instanceof Undecided || error instanceof TooMuchWork)) throw error;
    return { pointer: '', message: 'cannot be compared: there are too many cases' };
  }
}

/** Tries values against parts of a schema, each compiled once. */
function acceptor(patterns: ReadonlyMap<string, Pattern>): (schema: Schema, value: JsonValue) => boolean {
  const compiled = new Map<Schema, ValidateFunction>();
  return (schema, value) => {
    const validate = compiled.get(schema) ?? validatorOf(schema, patterns);
    if (compiled.set(schema, validate).size > bounds.comparisonCompilations) throw new Undecided();
    return validate(value);
  };
}
