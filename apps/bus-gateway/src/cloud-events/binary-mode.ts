import {
  type AttributeProblem,
  type CloudEventContext,
  contextProblems,
  parseStrictJson,
} from '@concordat/contracts';
import { type CloudEvent, type EventData, inHeader, invalidEvent } from './cloud-event';
import { decodeHeaderValue, encodeHeaderValue } from './header-value';
import { declaresJson, isUtf8 } from './media-type';

/** Headers by their names in lower case, with every value that came. */
export type HeaderLists = Readonly<Record<string, readonly string[] | undefined>>;

/** Clients stop reading headers at 8 or 16 KiB. */
const headerBytes = 8_192;

/**
 * An event in binary mode: attributes in headers, data in the body.
 * @throws ConcordatError CLOUD_EVENT_INVALID with every faulty header; as `parseStrictJson` does where the data are JSON
 */
export function readBinary(headers: HeaderLists, body: Buffer): CloudEvent {
  const { attributes, problems } = readAttributes(headers);
  const unread = new Set(problems.map(({ attribute }) => attribute));
  // What cannot be read is there all the same.
  const others = contextProblems(attributes).filter(({ attribute }) => !unread.has(attribute));
  if (problems.length + others.length > 0) throw invalidEvent([...problems, ...others], inHeader);
  return { context: attributes, data: readData(attributes['datacontenttype'] as string | undefined, body) };
}

function readAttributes(headers: HeaderLists): {
  attributes: CloudEventContext;
  problems: AttributeProblem[];
} {
  const problems: AttributeProblem[] = [];
  const attributes: [string, string][] = [];
  const refuse = (attribute: string, message: string): number => problems.push({ attribute, message });
  const contentTypes = headers['content-type'] ?? [];
  if (contentTypes.length > 1) refuse('datacontenttype', 'is given more than once');
  else if (contentTypes.length === 1) attributes.push(['datacontenttype', contentTypes[0]!]);
  for (const [name, values] of attributeHeaders(headers)) {
    const value = decodeHeaderValue(values[0]!);
    if (name === 'datacontenttype')
      refuse(name, 'is what stands in Content-Type; leave ce-datacontenttype out');
    else if (values.length > 1) refuse(name, 'is given more than once');
    else if (value === undefined) refuse(name, 'must be percent-encoded UTF-8, e.g. Euro%20%E2%82%AC');
    else attributes.push([name, value]);
  }
  return { attributes: Object.fromEntries(attributes), problems };
}

/** The headers of attributes, by the names of these. */
export const attributeHeaders = (headers: HeaderLists): [string, readonly string[]][] =>
  Object.entries(headers).flatMap(([header, values]) =>
    header.startsWith('ce-') && values ? [[header.slice('ce-'.length), values]] : [],
  );

/** JSON is read as such. Whatever else it is, it stays the bytes that it is. */
function readData(contentType: string | undefined, body: Buffer): EventData | undefined {
  if (body.length === 0) return undefined;
  return contentType !== undefined && declaresJson(contentType) && isUtf8(contentType)
    ? { encoding: 'json', value: parseStrictJson(body) as never }
    : { encoding: 'base64', value: body.toString('base64') };
}

/**
 * @returns undefined when binary mode cannot carry the event as it is: headers too large, data without a media type or
 *   without a byte, or text in another charset than UTF-8
 */
export function writeBinary({
  context,
  data,
}: CloudEvent): { headers: [string, string][]; body: Buffer } | undefined {
  const { datacontenttype, ...attributes } = context;
  // JSON without a media type is of the type that the JSON format implies.
  const implied = data?.encoding === 'json' ? 'application/json' : undefined;
  const contentType = (datacontenttype as string | undefined) ?? implied;
  const body = data === undefined ? Buffer.alloc(0) : bytesOf(data, contentType);
  if (!body || (data !== undefined && body.length === 0)) return undefined;
  const headers = Object.entries(attributes).map(([name, value]): [string, string] => [
    inHeader(name),
    encodeHeaderValue(String(value)),
  ]);
  if (contentType !== undefined) headers.push(['content-type', contentType]);
  const size = headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return size > headerBytes ? undefined : { headers, body };
}

function bytesOf({ encoding, value }: EventData, contentType: string | undefined): Buffer | undefined {
  if (contentType === undefined) return undefined;
  if (encoding === 'base64') return Buffer.from(value, 'base64');
  if (!isUtf8(contentType)) return undefined;
  return Buffer.from(declaresJson(contentType) ? JSON.stringify(value) : (value as string));
}
