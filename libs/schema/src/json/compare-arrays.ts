import { isDeepStrictEqual } from 'node:util';
import { below } from '../problem';
import type { Comparison, Verdict } from './comparison';
import { factsOf, kindsOf, tightest } from './facts';
import type { Keywords, Schema } from './json-schema';

const itemAt = ({ prefixItems, items = true }: Keywords, place: number): Schema =>
  prefixItems?.[place] ?? items;

/** What a schema says of the items of arrays. */
export function compareArrays(
  comparison: Comparison,
  old: readonly Keywords[],
  next: Keywords,
  at: string,
): Verdict {
  if (!kindsOf(old).has('array')) return undefined;
  const longest = tightest(old, 'maxItems') ?? Infinity;
  // The place behind all prefixes stands for all that follow.
  const places = Math.max(...[next, ...old].map(({ prefixItems }) => prefixItems?.length ?? 0)) + 1;
  for (let place = 0; place < Math.min(places, longest); place++) {
    const path =
      next.prefixItems?.[place] === undefined ? below(at, 'items') : below(below(at, 'prefixItems'), place);
    const before = factsOf(...old.map((fact) => itemAt(fact, place)));
    const verdict = comparison.includes(before, itemAt(next, place), path);
    if (verdict) return verdict;
  }
  if (next.uniqueItems === true && longest > 1 && !old.some(({ uniqueItems }) => uniqueItems === true))
    return { pointer: below(at, 'uniqueItems'), message: 'is new: the older version takes duplicates' };
  return compareContains(old, next, at);
}

function compareContains(old: readonly Keywords[], next: Keywords, at: string): Verdict {
  const { contains, minContains = 1, maxContains = Infinity } = next;
  if (contains === undefined || (minContains === 0 && maxContains === Infinity)) return undefined;
  const isAsTight = (fact: Keywords): boolean =>
    isDeepStrictEqual(fact.contains, contains) &&
    (fact.minContains ?? 1) >= minContains &&
    (fact.maxContains ?? Infinity) <= maxContains;
  if (old.some(isAsTight)) return undefined;
  return {
    pointer: below(at, 'contains'),
    message: 'cannot be compared unless it is the same, with bounds that are no tighter',
  };
}
