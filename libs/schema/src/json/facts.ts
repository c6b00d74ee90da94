import type { JsonValue } from '@concordat/contracts';
import type { Keywords, Schema } from './json-schema';

/** What is known of every value that a schema takes: all of these hold. `null`: there is no such value. */
export type Facts = readonly Keywords[] | null;

/** @param schemas without references, all of which hold */
export function factsOf(...schemas: readonly Schema[]): Facts {
  const facts: Keywords[] = [];
  for (const schema of schemas) {
    if (schema === false) return null;
    if (schema === true) continue;
    const { allOf, ...own } = schema;
    if (Object.keys(own).length > 0) facts.push(own);
    const inner = factsOf(...(allOf ?? []));
    if (inner === null) return null;
    facts.push(...inner);
  }
  return facts;
}

/** A number is an integer or a fraction, so that types are sets. */
export type Kind = 'null' | 'boolean' | 'integer' | 'fraction' | 'string' | 'array' | 'object';
const kinds: readonly Kind[] = ['null', 'boolean', 'integer', 'fraction', 'string', 'array', 'object'];

export function kindsOfType(type: Keywords['type']): ReadonlySet<Kind> {
  if (type === undefined) return new Set(kinds);
  const names = typeof type === 'string' ? [type] : type;
  return new Set(
    kinds.filter((kind) => names.includes(kind) || (kindIsNumber(kind) && names.includes('number'))),
  );
}

const kindIsNumber = (kind: Kind): boolean => kind === 'integer' || kind === 'fraction';

export function kindsOf(facts: readonly Keywords[]): ReadonlySet<Kind> {
  const allowed = facts.map(({ type }) => kindsOfType(type));
  return new Set(kinds.filter((kind) => allowed.every((set) => set.has(kind))));
}

/** Every value that can be, if they can be listed. */
export function listOf(facts: readonly Keywords[]): readonly JsonValue[] | undefined {
  for (const fact of facts) {
    if (fact.const !== undefined) return [fact.const];
    if (fact.enum !== undefined) return fact.enum;
  }
  const possible = kindsOf(facts);
  if ([...possible].some((kind) => kind !== 'null' && kind !== 'boolean')) return undefined;
  return [...(possible.has('null') ? [null] : []), ...(possible.has('boolean') ? [true, false] : [])];
}

/** The largest of lower bounds, or the smallest of upper ones. @returns undefined when there is none */
export const tightest = (
  facts: readonly Keywords[],
  keyword: keyof Keywords & `${'min' | 'max' | 'exclusiveMin' | 'exclusiveMax'}${string}`,
): number | undefined => {
  const values = facts
    .map((fact) => fact[keyword] as number | undefined)
    .filter((value) => value !== undefined);
  if (values.length === 0) return undefined;
  return keyword.toLowerCase().includes('min') ? Math.max(...values) : Math.min(...values);
};

/**
 * Cases of which one holds for every value, from the first keyword that offers some.
 * @returns undefined when nothing is left to tell apart
 */
export function casesOf(facts: readonly Keywords[]): readonly Facts[] | undefined {
  for (const [at, fact] of facts.entries()) {
    const others = facts.filter((_, index) => index !== at);
    const either = (rest: Keywords, cases: readonly Schema[]): readonly Facts[] =>
      cases.map((one) => factsOf(...others, rest, one));
    const { anyOf, oneOf, if: condition, then = true, else: otherwise = true, type, ...rest } = fact;
    const conditional = condition === undefined ? {} : { if: condition, then, else: otherwise };
    if (anyOf) return either({ ...rest, ...conditional, ...kept({ oneOf, type }) }, anyOf);
    if (oneOf) return either({ ...rest, ...conditional, ...kept({ type }) }, oneOf);
    if (condition !== undefined) return either({ ...rest, ...kept({ type }) }, [then, otherwise]);
    if (typeof type === 'object' && type.length > 1)
      return either(
        rest,
        type.map((one) => ({ type: one })),
      );
  }
  return undefined;
}

const kept = (keywords: Record<string, unknown>): Keywords =>
  Object.fromEntries(Object.entries(keywords).filter(([, value]) => value !== undefined)) as Keywords;
