import { bounds } from '../bounds';
import { below, refuseSchema } from '../problem';
import { type Keywords, oneSchema, type Schema, schemaLists, schemaMaps } from './json-schema';

/**
 * The schema without references: each stands for what it names. A schema that comes back to itself is refused, since
 * the work on a payload, and the comparison of two versions, would have no bound.
 * @throws ConcordatError SCHEMA_INVALID
 */
export function expand(root: Schema): Schema {
  const defs = typeof root === 'object' ? (root.$defs ?? {}) : {};
  let subschemas = 0;

  const visit = (schema: Schema, pointer: string, open: readonly string[], depth: number): Schema => {
    if (++subschemas > bounds.expandedSubschemas)
      refuseSchema(
        pointer,
        `is too large: with all $ref resolved it has over ${bounds.expandedSubschemas} subschemas`,
      );
    if (depth > bounds.depth)
      refuseSchema(pointer, `is nested deeper than ${bounds.depth} with all $ref resolved`);
    if (typeof schema === 'boolean') return schema;
    const inner = (part: Schema, ...path: (string | number)[]): Schema =>
      visit(part, path.reduce(below, pointer), open, depth + 1);
    const { $ref, $defs: _, ...rest } = schema;
    const copy: Record<string, unknown> = { ...rest };
    for (const name of oneSchema) if (rest[name] !== undefined) copy[name] = inner(rest[name], name);
    for (const name of schemaLists)
      if (rest[name]) copy[name] = rest[name].map((part, at) => inner(part, name, at));
    for (const name of schemaMaps)
      if (rest[name])
        copy[name] = Object.fromEntries(
          Object.entries(rest[name]).map(([key, part]) => [key, inner(part, name, key)]),
        );
    if ($ref === undefined) return copy as Keywords;
    const name = $ref.slice('#/$defs/'.length);
    if (open.includes(name))
      refuseSchema(below(pointer, '$ref'), 'comes back to itself: recursion is not taken');
    const target = visit(defs[name]!, below(pointer, '$ref'), [...open, name], depth + 1);
    return { ...copy, allOf: [target, ...((copy['allOf'] as Schema[] | undefined) ?? [])] };
  };

  // Each definition too, so that one that nobody refers to is held to the same.
  for (const [name, definition] of Object.entries(defs)) visit(definition, below('/$defs', name), [name], 0);
  subschemas = 0;
  return visit(root, '', [], 0);
}
