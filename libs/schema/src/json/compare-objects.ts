import { below } from '../problem';
import type { Comparison, Verdict } from './comparison';
import { type Facts, factsOf, kindsOf } from './facts';
import type { Keywords, Schema } from './json-schema';

/** What a schema says of the properties of objects. */
export function compareObjects(
  comparison: Comparison,
  old: readonly Keywords[],
  next: Keywords,
  at: string,
): Verdict {
  if (!kindsOf(old).has('object')) return undefined;
  return (
    compareRequired(old, next, at) ??
    compareNamed(comparison, old, next, at) ??
    compareOthers(comparison, old, next, at) ??
    compareNames(comparison, old, next, at) ??
    compareDependents(comparison, old, next, at)
  );
}

const keys = (map: object = {}): string[] => Object.keys(map);
const get = <T>(map: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  map !== undefined && Object.hasOwn(map, name) ? map[name] : undefined;

const requiredBy = (facts: readonly Keywords[]): ReadonlySet<string> =>
  new Set(facts.flatMap(({ required }) => required ?? []));

function compareRequired(old: readonly Keywords[], next: Keywords, at: string): Verdict {
  const before = requiredBy(old);
  const added = (next.required ?? []).find((name) => !before.has(name));
  if (added === undefined) return undefined;
  return {
    pointer: below(at, 'required'),
    message: `requires ${JSON.stringify(added)}, which payloads of the older version may lack`,
  };
}

/** Where a schema says something of the property of this name, with the place. */
function saidOf(
  { matches }: Pick<Comparison, 'matches'>,
  schema: Keywords,
  name: string,
): [Schema, string][] {
  const named = get(schema.properties, name);
  const matched = Object.entries(schema.patternProperties ?? {}).filter(([source]) => matches(source, name));
  const said: [Schema, string][] = [
    ...(named === undefined ? [] : [[named, below('/properties', name)] as [Schema, string]]),
    ...matched.map(([source, part]): [Schema, string] => [part, below('/patternProperties', source)]),
  ];
  return said.length > 0 ? said : [[schema.additionalProperties ?? true, '/additionalProperties']];
}

/** Every name that either version knows. */
function compareNamed(comparison: Comparison, old: readonly Keywords[], next: Keywords, at: string): Verdict {
  const known = new Set(old.flatMap(({ properties }) => keys(properties)));
  for (const name of new Set([...known, ...keys(next.properties)])) {
    const before = factsOf(
      ...old.flatMap((fact) => saidOf(comparison, fact, name).map(([schema]) => schema)),
    );
    for (const [schema, path] of saidOf(comparison, next, name)) {
      const verdict = comparison.includes(before, schema, at + path);
      if (!verdict) continue;
      if (schema === false)
        return {
          pointer: at + path,
          message: `refuses ${JSON.stringify(name)}, which the older version takes`,
        };
      if (known.has(name)) return verdict;
      const message = `says something of ${JSON.stringify(name)}, which payloads of the older version may have with other values`;
      return { pointer: at + path, message };
    }
  }
  return undefined;
}

/** What may be said of a property whose name the schema does not list, those of some patterns left out. */
function restOf(
  { patternProperties, additionalProperties = true }: Keywords,
  without: readonly string[] = [],
): Schema {
  const patterns = Object.entries(patternProperties ?? {}).filter(([source]) => !without.includes(source));
  if (patterns.length === 0) return additionalProperties;
  return { anyOf: [additionalProperties, ...patterns.map(([, part]) => part)] };
}

/** Names that neither version lists. */
function compareOthers(
  comparison: Comparison,
  old: readonly Keywords[],
  next: Keywords,
  at: string,
): Verdict {
  for (const [source, schema] of Object.entries(next.patternProperties ?? {})) {
    const before = factsOf(...old.map((fact) => get(fact.patternProperties, source) ?? restOf(fact)));
    const verdict = comparison.includes(before, schema, below(below(at, 'patternProperties'), source));
    if (verdict) return verdict;
  }
  const { additionalProperties } = next;
  if (additionalProperties === undefined) return undefined;
  const before: Facts = factsOf(...old.map((fact) => restOf(fact, keys(next.patternProperties))));
  const pointer = below(at, 'additionalProperties');
  const verdict = comparison.includes(before, additionalProperties, pointer);
  if (verdict && additionalProperties === false)
    return { pointer, message: 'closes the object, where the older version takes other properties' };
  return verdict;
}

function compareNames(comparison: Comparison, old: readonly Keywords[], next: Keywords, at: string): Verdict {
  if (next.propertyNames === undefined) return undefined;
  const before = factsOf({ type: 'string' }, ...old.map(({ propertyNames }) => propertyNames ?? true));
  return comparison.includes(before, next.propertyNames, below(at, 'propertyNames'));
}

function compareDependents(
  comparison: Comparison,
  old: readonly Keywords[],
  next: Keywords,
  at: string,
): Verdict {
  for (const [name, wanted] of Object.entries(next.dependentRequired ?? {})) {
    const before = requiredBy(old);
    const implied = old.flatMap((fact) => get(fact.dependentRequired, name) ?? []);
    const added = wanted.find((other) => other !== name && !before.has(other) && !implied.includes(other));
    if (added !== undefined)
      return {
        pointer: below(below(at, 'dependentRequired'), name),
        message: `requires ${JSON.stringify(added)}, which payloads of the older version may lack`,
      };
  }
  for (const [name, schema] of Object.entries(next.dependentSchemas ?? {})) {
    const implied = old.flatMap((fact) => get(fact.dependentSchemas, name) ?? []);
    const before = factsOf(...old, ...implied, { required: [name] });
    const verdict = comparison.includes(before, schema, below(below(at, 'dependentSchemas'), name));
    if (verdict) return verdict;
  }
  return undefined;
}
