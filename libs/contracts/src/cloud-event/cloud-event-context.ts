import { z } from 'zod';
import { limits } from '../limits';
import {
  mediaTypeFault,
  stringFault,
  timestampFault,
  uriFault,
  uriReferenceFault,
} from './attribute-grammar';

/** A value of the CloudEvents types: Boolean, Integer, or one of those that are texts. */
export type AttributeValue = string | number | boolean;

/** All context attributes of an event by their names, `specversion` among them. */
export type CloudEventContext = Readonly<Record<string, AttributeValue>>;

export interface AttributeProblem {
  readonly attribute: string;
  /** What is wrong, so that it reads on after the name: "must be …". */
  readonly message: string;
}

/** What the gateway says of a delivery. A sender that could set them could pass for somebody else. */
export const deliveryAttributes = ['from', 'messageid', 'deliverytoken', 'attempt', 'leaseseconds'] as const;
const reserved: ReadonlySet<string> = new Set(deliveryAttributes);

const required = ['specversion', 'id', 'source', 'type'] as const;
/** Optional, and empty only by being left out. */
const nonEmpty: ReadonlySet<string> = new Set([...required, 'subject', 'dataschema', 'partitionkey']);

type Fault = (text: string) => string | undefined;

const texts: ReadonlyMap<string, Fault> = new Map([
  ['specversion', (text) => (text === '1.0' ? undefined : 'must be 1.0, the only version that is supported')],
  ['id', stringFault],
  ['source', uriReferenceFault],
  ['type', stringFault],
  ['subject', stringFault],
  ['time', timestampFault],
  ['dataschema', uriFault],
  ['datacontenttype', mediaTypeFault],
  ['expirytime', timestampFault],
  ['partitionkey', stringFault],
  ['traceparent', stringFault],
  ['tracestate', stringFault],
] satisfies [string, Fault][]);

/** An answer must not outgrow its request. */
const problemsShown = 20;
const namePattern = /^[a-z0-9]+$/;

/**
 * What is wrong with the context of an event (CloudEvents 1.0.2), all at once; empty when it is sound.
 * @param context null counts as left out, as the JSON format says
 */
export function contextProblems(context: Readonly<Record<string, unknown>>): AttributeProblem[] {
  const present = Object.entries(context).filter(([, value]) => value !== null);
  const names = new Set(present.map(([name]) => name));
  const missing = required
    .filter((name) => !names.has(name))
    .map((attribute) => ({ attribute, message: 'is required' }));
  const faulty = present.flatMap(([name, value]) => {
    const message = nameFault(name) ?? valueFault(name, value);
    return message === undefined ? [] : [{ attribute: shown(name), message }];
  });
  const bytes = present.reduce((sum, [name, value]) => sum + sizeOf(name) + sizeOf(value), 0);
  if (bytes <= limits.eventAttributeBytes) return [...missing, ...faulty].slice(0, problemsShown);
  return [{ attribute: '', message: `has more than ${limits.eventAttributeBytes} bytes of attributes` }];
}

function nameFault(name: string): string | undefined {
  if (!namePattern.test(name)) return 'is no name of an attribute: only a–z and 0–9 are allowed';
  if (name === 'data') return 'is no name of an attribute: it is that of the data';
  return reserved.has(name) ? 'is set by the gateway on delivery; leave it out' : undefined;
}

function valueFault(name: string, value: unknown): string | undefined {
  const fault = texts.get(name);
  if (fault && typeof value !== 'string') return 'must be a string';
  if (typeof value === 'number') return isInteger(value) ? undefined : 'must be an integer of 32 bits';
  if (typeof value === 'boolean') return undefined;
  if (typeof value !== 'string')
    return 'must be a string, an integer or a boolean: attributes have no structure';
  if (value === '' && nonEmpty.has(name)) return 'must not be empty';
  return (fault ?? stringFault)(value);
}

const isInteger = (value: number): boolean => Number.isInteger(value) && value === (value | 0);
const sizeOf = (value: unknown): number => Buffer.byteLength(String(value));
/** A name from a stranger, short enough to be repeated to him. */
const shown = (name: string): string => name.slice(0, 64);

/** How the payload of a message holds the data of its event. Left out: as they are. */
const dataEncoding = z.enum(['base64', 'none']);

/**
 * The event that a message is, less its data, which are the payload: the attributes as members of one object, as in the
 * JSON format, and `data_encoding` where the payload is not the data themselves: `base64` of bytes, or `none` at all
 * and the payload is null. The underscore keeps it apart from attributes.
 */
export const cloudEventContext = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .superRefine(({ data_encoding: encoding, ...context }, issues) => {
    if (encoding !== undefined && !dataEncoding.safeParse(encoding).success)
      issues.addIssue({ code: 'custom', path: ['data_encoding'], message: 'must be base64 or none' });
    for (const { attribute, message } of contextProblems(context))
      issues.addIssue({ code: 'custom', path: attribute === '' ? [] : [attribute], message });
  });

/** Base64 of RFC 4648 §4, padded, and such that the same bytes have no other text. */
export function isBase64(value: unknown): value is string {
  if (typeof value !== 'string' || value.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value))
    return false;
  return Buffer.from(value, 'base64').toString('base64') === value;
}
