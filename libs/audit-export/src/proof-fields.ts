import { z } from 'zod';
import type { ReadLine, Rendered } from './format';
import {
  type ClosedEvent,
  closedProof,
  type ExportRecord,
  type OpenEvent,
  openProof,
  type SignedManifest,
} from './record';

const chained = z.union([openProof.extend({ chain: z.string() }), closedProof.extend({ chain: z.string() })]);
const signature = z.strictObject({ signature: z.string() });

/** What proves a line, as an object; `chain` stands in it last. */
export function proofOf(record: OpenEvent | ClosedEvent): object {
  const { logIndex, gap } = record;
  return record.kind === 'event'
    ? { logIndex, gap, salt: record.salt, body: record.body }
    : { logIndex, gap, leaf: record.leaf };
}

/** @param event the text beside the proof; undefined for a closed event @throws Error when they do not fit together */
export function readProof(proof: unknown, event: unknown): ReadLine {
  const { chain, ...fields } = chained.parse(proof);
  if ('leaf' in fields && event === undefined) return { record: { kind: 'closed', ...fields }, chain };
  if ('salt' in fields && typeof event === 'string')
    return { record: { kind: 'event', event, ...fields }, chain };
  throw new Error('the line has neither an event nor a leaf');
}

/** @throws Error when they are not those of a manifest */
export function readManifest(proof: unknown, text: unknown): { manifest: SignedManifest } {
  return { manifest: { text: z.string().parse(text), ...signature.parse(proof) } };
}

/** Opens the JSON of a line behind the last field of its last object, where the chain goes. */
export function aroundChain(object: object, depth: number): Rendered {
  const tail = `"${'}'.repeat(depth)}`;
  return { head: JSON.stringify(object).slice(0, -tail.length), tail };
}

/** Messages are exported as NDJSON: no other schema has a place for them. */
export function requireEvent(record: ExportRecord): asserts record is OpenEvent | ClosedEvent {
  if (record.kind === 'message') throw new Error('messages are exported as NDJSON only');
}
