import { ConcordatError, limits, parseStrictJson } from '@concordat/contracts';
import { attributeHeaders, type HeaderLists, readBinary } from './binary-mode';
import { type CloudEvent, inHeader, inJson, invalidEvent, type Place } from './cloud-event';
import { decodeHeaderValue } from './header-value';
import { fromJson } from './json-format';
import { essenceOf, isUtf8 } from './media-type';

export const structuredType = 'application/cloudevents+json';
export const batchType = 'application/cloudevents-batch+json';

/** The events of a request, and how their sender finds in it what is refused. */
export interface EventRequest {
  readonly isBatch: boolean;
  /** An event, or why it is none. */
  readonly events: readonly (CloudEvent | ConcordatError)[];
  readonly place: Place;
}

/**
 * A request in binary, structured or batched mode, as its `Content-Type` says (CloudEvents HTTP binding 1.0.2, §3).
 * @param body without its content coding
 * @throws ConcordatError for what holds of the request as a whole, and for a single event
 */
export function readEvents(headers: HeaderLists, body: Buffer): EventRequest {
  requireOneType(headers);
  const contentType = headers['content-type']?.[0] ?? '';
  const essence = essenceOf(contentType);
  if (!essence.startsWith('application/cloudevents'))
    return { isBatch: false, events: [readBinary(headers, body)], place: inHeader };
  if ((essence !== structuredType && essence !== batchType) || !isUtf8(contentType)) throw unsupported();
  const value = parseStrictJson(body);
  if (essence === batchType) return { isBatch: true, events: readBatch(headers, value), place: inJson };
  const event = fromJson(value);
  requireAgreement(headers, event);
  return { isBatch: false, events: [event], place: inJson };
}

const unsupported = (): ConcordatError =>
  new ConcordatError(
    'MEDIA_TYPE_UNSUPPORTED',
    `Events come as ${structuredType} or ${batchType} in UTF-8, or in binary mode with a media type of their data.`,
  );

/** Two media types are two opinions of what the data is. */
function requireOneType(headers: HeaderLists): void {
  if ((headers['content-type'] ?? []).length > 1)
    throw invalidEvent([{ attribute: 'datacontenttype', message: 'is given more than once' }], inHeader);
}

function readBatch(headers: HeaderLists, value: unknown): (CloudEvent | ConcordatError)[] {
  const refuse = (message: string): ConcordatError =>
    new ConcordatError('CLOUD_EVENT_INVALID', `A batch ${message}.`, { errors: [{ pointer: '', message }] });
  if (attributeHeaders(headers).length > 0) throw refuse('has no attributes in headers');
  if (!Array.isArray(value)) throw refuse('must be a JSON array of events');
  if (value.length > limits.eventBatchItems) throw refuse(`holds at most ${limits.eventBatchItems} events`);
  return value.map((item) => {
    try {
      return fromJson(item);
    } catch (error) {
      return error as ConcordatError;
    }
  });
}

/** Headers may repeat attributes of a structured event (§3.2.3). Where they say something else, one of them lies. */
function requireAgreement(headers: HeaderLists, { context }: CloudEvent): void {
  const problems = attributeHeaders(headers)
    .filter(([name, values]) => {
      const body = Object.hasOwn(context, name) ? String(context[name]) : undefined;
      return values.some((value) => decodeHeaderValue(value) !== body);
    })
    .map(([attribute]) => ({ attribute: attribute.slice(0, 64), message: 'is not what the body says' }));
  if (problems.length > 0) throw invalidEvent(problems, inHeader);
}
