import type { JsonValue } from '@concordat/contracts';
import { bounds } from '../bounds';
import { below, refuseSchema } from '../problem';
import type { Keywords, Schema } from './json-schema';
import { oneSchema, schemaLists, schemaMaps } from './json-schema';
import { annotations, assertions, dialect } from './keywords';
import { type Pattern, readPattern } from './pattern';

/** A JSON Schema that was found to be one we take: bounded, local, without annotations. */
export interface ReadSchema {
  readonly schema: Schema;
  readonly patterns: ReadonlyMap<string, Pattern>;
}

const allItems = Number.MAX_SAFE_INTEGER;
const refPattern = /^#\/\$defs\/([A-Za-z0-9_.-]{1,64})$/;

/**
 * Reads a JSON Schema (2020-12). Taken is a part of the language: every keyword that is not understood is refused rather
 * than passed over, references go to `$defs` at the root, and there is no `$dynamicRef`, `$anchor` or `unevaluated…`.
 * @throws ConcordatError SCHEMA_INVALID with the place
 */
export function readJsonSchema(document: JsonValue): ReadSchema {
  const reader = new Reader();
  const root = reader.readRoot(document);
  return { schema: root, patterns: reader.patterns };
}

type JsonObject = { [key: string]: JsonValue };
const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

class Reader {
  readonly patterns = new Map<string, Pattern>();
  #subschemas = 0;
  #programs = 0;
  #defs: JsonObject = {};

  readRoot(document: JsonValue): Schema {
    if (!isObject(document)) return refuseSchema('', 'must be an object');
    const { $schema, $id, $defs, ...rest } = document;
    if ($schema !== undefined && $schema !== dialect) refuseSchema('/$schema', `must be ${dialect}`);
    if ($id !== undefined && typeof $id !== 'string') refuseSchema('/$id', 'must be a string');
    if ($defs !== undefined && !isObject($defs)) refuseSchema('/$defs', 'must hold schemas by name');
    this.#defs = $defs ?? {};
    for (const name of Object.keys(this.#defs))
      if (!refPattern.test(`#/$defs/${name}`))
        refuseSchema(below('/$defs', name), 'must be named by 1–64 of A–Z a–z 0–9 _ . -');
    const schema = this.#read(rest, '', 0) as Keywords;
    return $defs === undefined ? schema : { ...schema, $defs: this.#map(this.#defs, '/$defs', 0) };
  }

  #read(value: JsonValue, pointer: string, depth: number): Schema {
    if (++this.#subschemas > bounds.subschemas)
      refuseSchema(pointer, `is beyond the ${bounds.subschemas} subschemas that a schema may have`);
    if (depth > bounds.depth) refuseSchema(pointer, `is nested deeper than ${bounds.depth}`);
    if (typeof value === 'boolean') return value;
    if (!isObject(value)) return refuseSchema(pointer, 'must be an object, true or false');
    const read = Object.entries(value)
      .filter(([keyword]) => !annotations.has(keyword))
      .map(([keyword, inner]) => [
        keyword,
        this.#keyword(keyword, inner, below(pointer, keyword), depth + 1),
      ]);
    return this.#consistent(Object.fromEntries(read) as Keywords, pointer);
  }

  #keyword(keyword: string, value: JsonValue, pointer: string, depth: number): unknown {
    const isOf = (names: readonly string[]): boolean => names.includes(keyword);
    if (isOf(oneSchema)) return this.#read(value, pointer, depth);
    if (isOf(schemaLists)) {
      if (!Array.isArray(value) || value.length === 0)
        return refuseSchema(pointer, 'must be a list of schemas');
      return value.map((inner, at) => this.#read(inner, below(pointer, at), depth));
    }
    if (isOf(schemaMaps)) {
      if (!isObject(value)) return refuseSchema(pointer, 'must hold schemas by name');
      if (keyword === 'patternProperties')
        for (const pattern of Object.keys(value)) this.#pattern(pattern, below(pointer, pattern));
      return this.#map(value, pointer, depth);
    }
    if (keyword === '$ref') return this.#ref(value, pointer);
    if (!Object.hasOwn(assertions, keyword))
      return refuseSchema(pointer, 'is no keyword of JSON Schema 2020-12 that is taken here');
    assertions[keyword]!(value, pointer);
    if (keyword === 'pattern') this.#pattern(value as string, pointer);
    return value;
  }

  #map(value: JsonObject, pointer: string, depth: number): Readonly<Record<string, Schema>> {
    const entries = Object.entries(value);
    return Object.fromEntries(
      entries.map(([name, inner]) => [name, this.#read(inner, below(pointer, name), depth)]),
    );
  }

  #ref(value: JsonValue, pointer: string): string {
    const [, name] = (typeof value === 'string' && refPattern.exec(value)) || [];
    if (name === undefined) return refuseSchema(pointer, 'must be #/$defs/<name>: nothing is fetched');
    if (!Object.hasOwn(this.#defs, name)) refuseSchema(pointer, 'names nothing in $defs');
    return value as string;
  }

  #pattern(source: string, pointer: string): void {
    if (this.patterns.has(source)) return;
    const pattern = readPattern(source, pointer);
    this.#programs += pattern.programSize;
    if (this.patterns.size >= bounds.patterns || this.#programs > bounds.patternPrograms)
      refuseSchema(pointer, 'is one pattern too many: those of a schema are too large together');
    this.patterns.set(source, pattern);
  }

  /** What would say nothing is a mistake of the author. */
  #consistent(schema: Keywords, pointer: string): Keywords {
    const { contains, minContains, maxContains = Infinity } = schema;
    if (contains === undefined && (minContains !== undefined || schema.maxContains !== undefined))
      refuseSchema(pointer, 'has minContains or maxContains without contains');
    if (minContains === 0 && schema.maxContains === undefined)
      refuseSchema(
        pointer,
        'has a contains that says nothing: minContains is 0, and there is no maxContains',
      );
    if ((minContains ?? 0) > maxContains) refuseSchema(pointer, 'has a minContains above its maxContains');
    const isConditional = schema.then !== undefined || schema.else !== undefined;
    if ((schema.if !== undefined) !== isConditional)
      refuseSchema(pointer, 'must have if together with then or else');
    // Without an upper bound ajv 8.20 takes an empty array for what it found of the array before.
    return contains === undefined ? schema : { ...schema, maxContains: Math.min(maxContains, allItems) };
  }
}
