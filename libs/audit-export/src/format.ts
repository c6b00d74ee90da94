import type { ExportRecord, SignedManifest } from './record';

/** A line as it is written around the value of its chain, which covers the rest of it. */
export interface Rendered {
  readonly head: string;
  readonly tail: string;
}

/** A line as it was read. */
export type ReadLine =
  { readonly record: ExportRecord; readonly chain: string } | { readonly manifest: SignedManifest };

/**
 * How an export is written: one line per record, each the only rendering of what it says, so that a reader can write it
 * again and compare bytes.
 */
export interface Format {
  render(record: ExportRecord): Rendered;
  renderManifest(manifest: SignedManifest): string;
  /** Need not be strict: what it reads is written again. @throws Error when it is no line of this format */
  read(line: string): ReadLine;
}

/** A field of another schema, and what of an event it is made of. */
export interface MappingRow<F> {
  /** Path in the other schema, parts separated by dots. */
  readonly field: string;
  /** For people. */
  readonly from: string;
  /** undefined: left out */
  readonly value: (facts: F) => string | number | readonly string[] | undefined;
}

type Json = { [name: string]: Json | string | number | readonly string[] };

/** The object that a table of rows makes of an event, fields in the order of the rows. */
export function mapped<F>(rows: readonly MappingRow<F>[], facts: F): Json {
  const object: Json = {};
  for (const { field, value } of rows) {
    const found = value(facts);
    if (found === undefined) continue;
    const path = field.split('.');
    const name = path.pop()!;
    let place = object;
    for (const part of path) place = (place[part] ??= {}) as Json;
    place[name] = found;
  }
  return object;
}
