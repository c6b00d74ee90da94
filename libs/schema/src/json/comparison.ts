import { isDeepStrictEqual } from 'node:util';
import type { JsonValue } from '@concordat/contracts';
import { bounds } from '../bounds';
import { below } from '../problem';
import { compareArrays } from './compare-arrays';
import { compareObjects } from './compare-objects';
import { compareScalars } from './compare-scalars';
import { casesOf, type Facts, factsOf, kindsOf, kindsOfType, listOf } from './facts';
import type { Keywords, Schema } from './json-schema';

/** Why a payload that the older version takes may be refused by the newer one, and where in the newer one. */
export interface Incompatibility {
  readonly pointer: string;
  readonly message: string;
}
export type Verdict = Incompatibility | undefined;

/** The comparison took too long: it is refused as undecided. */
export class Undecided extends Error {}

/**
 * Whether every value that satisfies the older facts satisfies the newer schema. It says yes only when each keyword of the
 * newer schema follows from what is known of the older one; what it cannot decide it refuses, and says so.
 */
export class Comparison {
  #steps = 0;

  /**
   * @param accepts whether a value is valid under a schema without references; throws Undecided
   * @param matches whether a name matches a pattern of one of the schemas
   */
  constructor(
    private readonly accepts: (schema: Schema, value: JsonValue) => boolean,
    readonly matches: (pattern: string, name: string) => boolean,
  ) {}

  /** @throws Undecided */
  includes(old: Facts, next: Schema, at: string): Verdict {
    if (++this.#steps > bounds.comparisonSteps) throw new Undecided();
    if (next === true || old === null) return undefined;
    if (next === false) return { pointer: at, message: 'is allowed no more' };
    if (old.some((fact) => isDeepStrictEqual(fact, next))) return undefined;
    const listed = listOf(old);
    if (listed) return this.#includesAll(old, listed, next, at);
    const direct = this.#follows(old, next, at);
    if (direct === undefined) return undefined;
    const cases = casesOf(old);
    if (cases === undefined) return direct;
    return cases.some((one) => this.includes(one, next, at) !== undefined) ? direct : undefined;
  }

  #includesAll(old: readonly Keywords[], values: readonly JsonValue[], next: Keywords, at: string): Verdict {
    const isLost = (value: JsonValue): boolean =>
      !this.accepts(next, value) && old.every((fact) => this.accepts(fact, value));
    const lost = values.find(isLost);
    if (lost === undefined) return undefined;
    const keyword = next.enum ? 'enum' : next.const === undefined ? undefined : 'const';
    return {
      pointer: keyword ? below(at, keyword) : at,
      message: 'refuses a value that the older version lists',
    };
  }

  #follows(old: readonly Keywords[], next: Keywords, at: string): Verdict {
    return (
      compareTypes(old, next, at) ??
      compareScalars(old, next, at) ??
      compareArrays(this, old, next, at) ??
      compareObjects(this, old, next, at) ??
      this.#compareLogic(old, next, at)
    );
  }

  #compareLogic(old: readonly Keywords[], next: Keywords, at: string): Verdict {
    for (const [index, part] of (next.allOf ?? []).entries()) {
      const verdict = this.includes(old, part, below(below(at, 'allOf'), index));
      if (verdict) return verdict;
    }
    const { anyOf, oneOf, not } = next;
    if (anyOf && !anyOf.some((part, index) => !this.includes(old, part, below(below(at, 'anyOf'), index))))
      return {
        pointer: below(at, 'anyOf'),
        message: 'has no case that takes all that the older version takes',
      };
    if (oneOf && !old.some((fact) => isDeepStrictEqual(fact.oneOf, oneOf)))
      return { pointer: below(at, 'oneOf'), message: `${undecidable} unless it is the same; anyOf can` };
    if (not !== undefined && !this.#excludes(old, not))
      return {
        pointer: below(at, 'not'),
        message: `${undecidable} unless the older version excludes as much`,
      };
    return this.#compareConditions(old, next, at);
  }

  #excludes(old: readonly Keywords[], not: Schema): boolean {
    const excluded = factsOf(not);
    if (excluded === null) return true;
    const [one, other] = [kindsOf(old), kindsOf(excluded)];
    if (![...one].some((kind) => other.has(kind))) return true;
    return old.some((fact) => fact.not !== undefined && !this.includes(excluded, fact.not, ''));
  }

  #compareConditions(old: readonly Keywords[], next: Keywords, at: string): Verdict {
    if (next.if === undefined) return undefined;
    const isSame = (fact: Keywords): boolean =>
      isDeepStrictEqual(
        [fact.if, fact.then ?? true, fact.else ?? true],
        [next.if, next.then ?? true, next.else ?? true],
      );
    if (old.some(isSame)) return undefined;
    const parts = (['then', 'else'] as const).map((name) =>
      this.includes(old, next[name] ?? true, below(at, name)),
    );
    return parts.every((verdict) => verdict === undefined)
      ? undefined
      : { pointer: below(at, 'if'), message: `${undecidable} unless it is the same, or both cases take all` };
  }
}

const undecidable = 'cannot be compared';

function compareTypes(old: readonly Keywords[], next: Keywords, at: string): Verdict {
  const taken = kindsOfType(next.type);
  const lost = [...kindsOf(old)].filter((kind) => !taken.has(kind));
  if (lost.length === 0) return undefined;
  const names = lost.map((kind) => (kind === 'fraction' ? 'number' : kind)).join(', ');
  return { pointer: below(at, 'type'), message: `narrows the type: the older version takes ${names} too` };
}
