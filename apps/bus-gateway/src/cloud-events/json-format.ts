import {
  type AttributeProblem,
  type CloudEventContext,
  contextProblems,
  isBase64,
  type JsonValue,
} from '@concordat/contracts';
import { type CloudEvent, type EventData, inJson, invalidEvent } from './cloud-event';
import { declaresJson } from './media-type';

type Members = Readonly<Record<string, unknown>>;

/**
 * An event in the JSON format 1.0.2, which structured and batched mode share.
 * @param value as it came through the strict parser
 * @throws ConcordatError CLOUD_EVENT_INVALID with every faulty member
 */
export function fromJson(value: unknown): CloudEvent {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidEvent([{ attribute: '', message: 'must be a JSON object' }], inJson);
  const { data, data_base64: bytes, ...attributes } = value as Members;
  const problems = [...contextProblems(attributes), ...dataProblems(value as Members)];
  if (problems.length > 0) throw invalidEvent(problems, inJson);
  const present = Object.entries(attributes).filter(([, attribute]) => attribute !== null);
  return { context: Object.fromEntries(present) as CloudEventContext, data: dataOf(data, bytes) };
}

/** `data` may be null, which is a value; `data_base64` that is null is not there. */
function dataOf(data: unknown, bytes: unknown): EventData | undefined {
  if (typeof bytes === 'string') return { encoding: 'base64', value: bytes };
  return data === undefined ? undefined : { encoding: 'json', value: data as JsonValue };
}

function dataProblems({ data, data_base64: bytes, datacontenttype: type }: Members): AttributeProblem[] {
  const isText = typeof type === 'string' && !declaresJson(type);
  if (bytes !== undefined && bytes !== null) {
    if (data !== undefined) return [{ attribute: 'data_base64', message: 'excludes data; send one of them' }];
    if (isBase64(bytes)) return [];
    return [{ attribute: 'data_base64', message: 'must be base64 with padding (RFC 4648 §4)' }];
  }
  if (data === undefined || !isText || typeof data === 'string') return [];
  return [{ attribute: 'data', message: 'must be a string, since datacontenttype does not declare JSON' }];
}

export function toJson({ context, data }: CloudEvent): Record<string, JsonValue> {
  if (data === undefined) return { ...context };
  return data.encoding === 'base64'
    ? { ...context, data_base64: data.value }
    : { ...context, data: data.value };
}
