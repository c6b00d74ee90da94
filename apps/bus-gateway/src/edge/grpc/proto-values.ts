/** google.protobuf.Value and Struct to JSON and back. The library maps neither by itself. */
import { ConcordatError } from '@concordat/contracts';

type ProtoValue = Readonly<Record<string, unknown>>;

/**
 * @param value as protobufjs decodes it
 * @throws ConcordatError JSON_MALFORMED when it is nothing or several things at once (struct.proto calls the first an
 *   error, and no writer makes the second), JSON_NUMBER_UNSAFE for numbers that JSON does not have
 */
export function fromProtoValue(value: ProtoValue): unknown {
  const [kind, ...others] = Object.keys(value);
  if (kind === undefined || others.length > 0)
    throw new ConcordatError('JSON_MALFORMED', 'A google.protobuf.Value is not of exactly one kind.');
  const content = value[kind];
  switch (kind) {
    case 'structValue':
      return fromProtoStruct(content as ProtoValue);
    case 'listValue':
      return ((content as { values?: ProtoValue[] }).values ?? []).map(fromProtoValue);
    case 'numberValue':
      return finite(content as number);
    case 'nullValue':
      return null;
    default:
      return content;
  }
}

export function fromProtoStruct(value: ProtoValue): Record<string, unknown> {
  const fields = (value['fields'] ?? {}) as Record<string, ProtoValue>;
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, fromProtoValue(field)]));
}

/** @throws ConcordatError JSON_NUMBER_UNSAFE: JSON.stringify would make null of it */
export function finite(number: number): number {
  if (Number.isFinite(number)) return number;
  throw new ConcordatError('JSON_NUMBER_UNSAFE', `JSON has no ${String(number)}.`);
}

export function toProtoValue(value: unknown): ProtoValue {
  if (value === null || value === undefined) return { nullValue: 0 };
  if (Array.isArray(value)) return { listValue: { values: value.map(toProtoValue) } };
  switch (typeof value) {
    case 'string':
      return { stringValue: value };
    case 'number':
      return { numberValue: value };
    case 'boolean':
      return { boolValue: value };
    default:
      return { structValue: toProtoStruct(value as Record<string, unknown>) };
  }
}

export const toProtoStruct = (value: Record<string, unknown>): ProtoValue => ({
  fields: Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toProtoValue(field)])),
});
