import { parseStrictJson } from '@concordat/contracts';
import type protobuf from 'protobufjs';
import { fromProtoStruct, fromProtoValue, toProtoStruct, toProtoValue } from './proto-values';

type Fields = Record<string, unknown>;

const valueType = '.google.protobuf.Value';
const structType = '.google.protobuf.Struct';

/**
 * A decoded message as the input of an operation. Fields that were not set are left out; JSON passes through the strict
 * parser, so that gRPC brings nothing in that HTTP would not.
 */
export function toInput(type: protobuf.Type, message: Fields): Fields {
  const input: Fields = {};
  for (const field of type.fieldsArray) {
    const value = message[field.name];
    if (value === undefined || value === null) continue;
    if (field.repeated && (value as unknown[]).length === 0) continue;
    input[field.name] = fromField(field, value);
  }
  return input;
}

function fromField(field: protobuf.Field, value: unknown): unknown {
  const name = field.resolve().resolvedType?.fullName;
  if (name === valueType) return strict(fromProtoValue(value as Fields));
  if (name === structType) return strict(fromProtoStruct(value as Fields));
  return value;
}

const strict = (value: unknown): unknown => parseStrictJson(JSON.stringify(value));

/** The output of an operation as a message: null is left out, JSON becomes Value or Struct. */
export function toMessage(type: protobuf.Type, output: Fields): Fields {
  const message: Fields = {};
  for (const field of type.fieldsArray) {
    const value = output[field.name];
    const isJson = field.resolve().resolvedType?.fullName === valueType;
    if (value === undefined || (value === null && !isJson)) continue;
    message[field.name] = field.repeated
      ? (value as unknown[]).map((item) => toField(field, item))
      : toField(field, value);
  }
  return message;
}

function toField(field: protobuf.Field, value: unknown): unknown {
  const type = field.resolvedType as protobuf.Type | null;
  if (!type) return value;
  if (type.fullName === valueType) return toProtoValue(value);
  if (type.fullName === structType) return toProtoStruct(value as Fields);
  return toMessage(type, value as Fields);
}
