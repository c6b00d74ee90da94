import { z } from 'zod';
import { algorithmValue, type AlgorithmValue } from './keys';
import { formatPosition, parsePosition, type Position } from './position';

/**
 * An event on a stream. The CloudEvents 1.0 attributes and ours are separate fields of the entry beside the raw
 * `data`, so that readers filter without parsing and signed bytes stay the bytes they were.
 */
export interface EventEnvelope {
  /** `<source>:<epoch>:<position>`, unique for all time */
  readonly id: string;
  readonly type: string;
  /** URI reference of the service: `/concordat/iam` */
  readonly source: string;
  readonly subject: string;
  readonly time: string;
  readonly tenant: string;
  readonly actor: string;
  /** Aggregate and its version after this event; empty and 0 for events without an aggregate. */
  readonly stream: string;
  readonly version: number;
  readonly correlation: string | null;
  readonly traceparent: string | null;
  /** JSON text */
  readonly data: string;
  readonly at: Position;
  /** The entry before this one in the same stream; `0-0` for the first. A reader that finds another has a gap. */
  readonly prev: Position;
  /** Chain hash of the entry before this one, base64url; null on streams without a chain. */
  readonly prevHash: string | null;
  /** Chain hash over all entries up to this one (crypto: chainHash), base64url; null on streams without a chain. */
  readonly hash: string | null;
  /** Signatures over the chain head, on the last entry of every published batch. */
  readonly signatures: readonly AlgorithmValue[];
}

export const eventId = (source: string, at: Position): string => `${source}:${at.epoch}:${at.position}`;
export const sourceUri = (source: string): string => `/concordat/${source}`;

const signatureList = z.array(algorithmValue).max(4);

/** Fields and values in turn, as XADD takes them. */
export function toEntryFields(envelope: EventEnvelope): string[] {
  // prettier-ignore
  const fields = [
    'ce_specversion', '1.0',
    'ce_id', envelope.id,
    'ce_type', envelope.type,
    'ce_source', envelope.source,
    'ce_subject', envelope.subject,
    'ce_time', envelope.time,
    'tenant', envelope.tenant,
    'actor', envelope.actor,
    'stream', envelope.stream,
    'version', String(envelope.version),
    'prev', formatPosition(envelope.prev),
    'data', envelope.data,
  ];
  if (envelope.correlation !== null) fields.push('correlation', envelope.correlation);
  if (envelope.traceparent !== null) fields.push('traceparent', envelope.traceparent);
  if (envelope.prevHash !== null) fields.push('prev_hash', envelope.prevHash);
  if (envelope.hash !== null) fields.push('hash', envelope.hash);
  if (envelope.signatures.length > 0) fields.push('sig', JSON.stringify(envelope.signatures));
  return fields;
}

/**
 * @param entryId id of the stream entry, which is the event's position
 * @throws Error when a field is missing or malformed: the entry was not written by Concordat
 */
export function fromEntryFields(entryId: string, entry: readonly string[]): EventEnvelope {
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < entry.length; i += 2) fields.set(entry[i]!, entry[i + 1]!);
  if (fields.size * 2 !== entry.length)
    throw new Error(`stream entry ${entryId} repeats a field or lacks a value`);
  const need = (name: string): string => {
    const value = fields.get(name);
    if (value === undefined) throw new Error(`stream entry ${entryId} has no field ${name}`);
    return value;
  };
  const at = parsePosition(entryId);
  const prev = parsePosition(need('prev'));
  if (!at || !prev) throw new Error(`stream entry ${entryId} has no position`);
  const id = need('ce_id');
  if (!id.endsWith(`:${at.epoch}:${at.position}`))
    throw new Error(`stream entry ${entryId} holds the event ${id}`);
  const version = need('version');
  if (!/^(0|[1-9]\d{0,14})$/.test(version))
    throw new Error(`stream entry ${entryId} has a malformed version`);
  if (need('ce_specversion') !== '1.0') throw new Error(`stream entry ${entryId} is not CloudEvents 1.0`);
  const signatures = fields.get('sig');
  return {
    id,
    type: need('ce_type'),
    source: need('ce_source'),
    subject: need('ce_subject'),
    time: need('ce_time'),
    tenant: need('tenant'),
    actor: need('actor'),
    stream: need('stream'),
    version: Number(version),
    correlation: fields.get('correlation') ?? null,
    traceparent: fields.get('traceparent') ?? null,
    data: need('data'),
    at,
    prev,
    prevHash: fields.get('prev_hash') ?? null,
    hash: fields.get('hash') ?? null,
    signatures: signatures === undefined ? [] : signatureList.parse(JSON.parse(signatures)),
  };
}

/** What the chain hash of an entry covers, in this order: everything but the hashes and signatures themselves. */
export const chainParts = (envelope: Omit<EventEnvelope, 'prevHash' | 'hash' | 'signatures'>): string[] => [
  envelope.id,
  envelope.type,
  envelope.source,
  envelope.subject,
  envelope.time,
  envelope.tenant,
  envelope.actor,
  envelope.stream,
  String(envelope.version),
  envelope.correlation ?? '',
  envelope.traceparent ?? '',
  formatPosition(envelope.prev),
  envelope.data,
];
