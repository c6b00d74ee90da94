/** google.protobuf.Value and Struct to JSON and back. The library maps neither by itself. */

type ProtoValue = Readonly<Record<string, unknown>>;

/** @param value as proto-loader decodes it; an unset value is undefined */
export function fromProtoValue(value: ProtoValue): unknown {
  if ('structValue' in value) return fromProtoStruct(value['structValue'] as ProtoValue);
  if ('listValue' in value) {
    const { values = [] } = value['listValue'] as { values?: ProtoValue[] };
    return values.map(fromProtoValue);
  }
  if ('stringValue' in value) return value['stringValue'];
  if ('numberValue' in value) return value['numberValue'];
  if ('boolValue' in value) return value['boolValue'];
  return null;
}

export function fromProtoStruct(value: ProtoValue): Record<string, unknown> {
  const fields = (value['fields'] ?? {}) as Record<string, ProtoValue>;
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, fromProtoValue(field)]));
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
