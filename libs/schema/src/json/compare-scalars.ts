import { below } from '../problem';
import type { Verdict } from './comparison';
import { type Kind, kindsOf, tightest } from './facts';
import type { Keywords } from './json-schema';

/** Keywords that count something of a value: those of one kind say nothing of the others. */
const counts: readonly [
  keyword: 'minLength' | 'maxLength' | 'minItems' | 'maxItems' | 'minProperties' | 'maxProperties',
  kind: Kind,
][] = [
  ['minLength', 'string'],
  ['maxLength', 'string'],
  ['minItems', 'array'],
  ['maxItems', 'array'],
  ['minProperties', 'object'],
  ['maxProperties', 'object'],
];

/** What a schema says of single values: listed values, bounds, counts, patterns. */
export function compareScalars(old: readonly Keywords[], next: Keywords, at: string): Verdict {
  const kinds = kindsOf(old);
  if (next.enum !== undefined || next.const !== undefined)
    return {
      pointer: below(at, next.enum ? 'enum' : 'const'),
      message: 'lists values, where the older version takes others too',
    };
  for (const [keyword, kind] of counts) {
    const bound = next[keyword];
    if (bound === undefined || !kinds.has(kind)) continue;
    const before = countBefore(old, keyword);
    const isKept = keyword.startsWith('min') ? before >= bound : before <= bound;
    if (!isKept) return { pointer: below(at, keyword), message: tightened };
  }
  if (kinds.has('string'))
    for (const keyword of ['pattern', 'format'] as const)
      if (next[keyword] !== undefined && !old.some((fact) => fact[keyword] === next[keyword]))
        return {
          pointer: below(at, keyword),
          message: `is new or another: which texts it takes cannot be compared`,
        };
  return kinds.has('integer') || kinds.has('fraction') ? compareNumbers(old, next, at) : undefined;
}

const tightened = 'is tighter than in the older version';

function countBefore(old: readonly Keywords[], keyword: (typeof counts)[number][0]): number {
  const known = tightest(old, keyword) ?? (keyword.startsWith('min') ? 0 : Infinity);
  if (keyword !== 'minProperties') return known;
  return Math.max(known, new Set(old.flatMap(({ required }) => required ?? [])).size);
}

function compareNumbers(old: readonly Keywords[], next: Keywords, at: string): Verdict {
  const lowest = tightest(old, 'minimum') ?? -Infinity;
  const above = tightest(old, 'exclusiveMinimum') ?? -Infinity;
  const highest = tightest(old, 'maximum') ?? Infinity;
  const under = tightest(old, 'exclusiveMaximum') ?? Infinity;
  const { minimum = -Infinity, exclusiveMinimum = -Infinity } = next;
  const { maximum = Infinity, exclusiveMaximum = Infinity, multipleOf } = next;
  const kept = {
    minimum: Math.max(lowest, above) >= minimum,
    exclusiveMinimum:
      exclusiveMinimum === -Infinity || lowest > exclusiveMinimum || above >= exclusiveMinimum,
    maximum: Math.min(highest, under) <= maximum,
    exclusiveMaximum:
      exclusiveMaximum === Infinity || highest < exclusiveMaximum || under <= exclusiveMaximum,
    multipleOf: multipleOf === undefined || old.some((fact) => fact.multipleOf === multipleOf),
  };
  const lost = Object.entries(kept).find(([, isKept]) => !isKept);
  return lost && { pointer: below(at, lost[0]), message: tightened };
}
