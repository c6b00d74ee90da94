import type { FieldProblem, JsonValue } from '@concordat/contracts';
import { canonicalJson } from '@concordat/crypto';
import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv/dist/core';
import applicators from 'ajv/dist/vocabularies/applicator';
import core from 'ajv/dist/vocabularies/core';
import format from 'ajv/dist/vocabularies/format';
import next from 'ajv/dist/vocabularies/next';
import validation from 'ajv/dist/vocabularies/validation';
import addFormats from 'ajv-formats';
import { bounds } from '../bounds';
import { below, payloadProblem, refuseSchema } from '../problem';
import { costOf, widthsOf } from './cost';
import { expand } from './expand';
import { formats, type Schema } from './json-schema';
import { metered, spend, TooMuchWork } from './meter';
import type { Pattern } from './pattern';
import { prefixItems } from './prefix-items';
import type { ReadSchema } from './read-json-schema';

export type Check<T> = (payload: T) => readonly FieldProblem[];

/**
 * A schema as a function.
 * @returns problems of a payload, the first the one that decides; none when it is valid
 * @throws ConcordatError SCHEMA_INVALID
 */
export function compileJsonSchema(read: ReadSchema): Check<JsonValue> {
  const widths = widthsOf(expand(read.schema));
  const validate = validatorOf(read.schema, read.patterns);
  return (payload) => {
    try {
      return metered(costOf(payload, widths), () => validate(payload))
        ? []
        : problemsOf(validate.errors ?? []);
    } catch (error) {
      if (!(error instanceof TooMuchWork)) throw error;
      return [payloadProblem('', 'is too large for its schema: checking it would take too long')];
    }
  };
}

/**
 * 2020-12 without `unevaluated…` and `$dynamicRef`. The class Ajv2020 has them always, and for them notes what was looked at:
 * time for nothing here, and a TypeError for some schemas.
 */
const vocabularies = [core, validation, applicators(true), format, next];

/** @throws ConcordatError SCHEMA_INVALID */
export function validatorOf(schema: Schema, patterns: ReadonlyMap<string, Pattern>): ValidateFunction {
  const regExp = Object.assign((source: string) => patterns.get(source)!, { code: 'pattern' });
  // An instance of its own: they keep what they compiled.
  const ajv = new Ajv({
    ...{
      next: true,
      strict: true,
      strictTypes: false,
      strictTuples: false,
      strictRequired: false,
      allowUnionTypes: true,
    },
    // Its own look at names that match patterns uses the engine that can be made to hang.
    allowMatchingProperties: true,
    // The schema was read keyword by keyword before; without its own meta-schema ajv compiles in half the time.
    ...{ meta: false, validateSchema: false, addUsedSchema: false, inlineRefs: false, allErrors: false },
    // `constructor` is no property of every payload.
    ownProperties: true,
    // Half the time to compile, and no more to check: lists as loops, and code as it comes.
    loopRequired: 8,
    loopEnum: 8,
    code: { regExp, optimize: false },
    logger: false,
  });
  for (const vocabulary of vocabularies) ajv.addVocabulary(vocabulary);
  addFormats(ajv, { mode: 'fast', formats: [...formats], keywords: false });
  ajv.removeKeyword('prefixItems').addKeyword(prefixItems);
  // That of ajv compares every item with every other.
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    ...{ keyword: 'uniqueItems', type: 'array', schemaType: 'boolean', errors: false },
    error: { message: 'must NOT have duplicate items' },
    validate: (isWanted: boolean, items: readonly JsonValue[]) => !isWanted || areUnique(items),
  });
  try {
    return ajv.compile(schema);
  } catch (error) {
    return refuseSchema('', error instanceof Error ? error.message.slice(0, 200) : 'cannot be compiled');
  }
}

function areUnique(items: readonly JsonValue[]): boolean {
  const seen = new Set<string>();
  return items.every((item) => {
    const text = canonicalJson(item);
    spend(1 + text.length);
    return seen.size < seen.add(text).size;
  });
}

/** The last error of ajv is of the keyword that decided, those before it say why it failed. */
const problemsOf = (errors: readonly ErrorObject[]): readonly FieldProblem[] =>
  [...errors].reverse().slice(0, bounds.problems).map(toProblem);

function toProblem({ instancePath, keyword, params, message = 'is not valid' }: ErrorObject): FieldProblem {
  if (keyword === 'additionalProperties')
    return payloadProblem(below(instancePath, params['additionalProperty'] as string), message);
  if (keyword === 'contains')
    return payloadProblem(instancePath, 'must contain as many valid items as it should');
  return payloadProblem(instancePath, message);
}
