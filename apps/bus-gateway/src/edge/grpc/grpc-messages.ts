import { ConcordatError, parseStrictJson } from '@concordat/contracts';
import { type Field, Reader, type Type } from 'protobufjs';
import { finite, fromProtoStruct, fromProtoValue, toProtoStruct, toProtoValue } from './proto-values';

type Fields = Record<string, unknown>;

const valueType = '.google.protobuf.Value';
const structType = '.google.protobuf.Struct';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Strings of proto3 are UTF-8. Where they are not, protobufjs by itself puts other characters. */
class StrictReader extends Reader {
  override string(): string {
    return utf8.decode(this.bytes());
  }
}

/**
 * The bytes of a request as a message. Not left to the library below, which would answer INTERNAL without a code.
 * @throws ConcordatError INPUT_INVALID, JSON_TOO_DEEP: protobufjs follows a hundred levels, as protoc does
 */
export function decode(type: Type, bytes: Uint8Array): Fields {
  try {
    return type.toObject(type.decode(new StrictReader(bytes)), { longs: Number });
  } catch (error) {
    if (/depth/.test(String(error))) throw new ConcordatError('JSON_TOO_DEEP');
    throw new ConcordatError('INPUT_INVALID', `The bytes are no ${type.fullName.slice(1)}.`);
  }
}

/**
 * A decoded message as the input of an operation. Fields that were not set are left out. The whole passes through the
 * strict parser, as an HTTP body does, so that gRPC brings nothing in that HTTP would not: neither deeper nor larger.
 * @throws ConcordatError as `parseStrictJson` does
 */
export function toInput(type: Type, message: Fields): unknown {
  const input: Fields = {};
  for (const field of type.fieldsArray) {
    const value = message[field.name];
    if (value !== undefined) input[field.name] = fromField(field, value);
  }
  return parseStrictJson(JSON.stringify(input));
}

function fromField(field: Field, value: unknown): unknown {
  const name = field.resolve().resolvedType?.fullName;
  if (name === valueType) return fromProtoValue(value as Fields);
  if (name === structType) return fromProtoStruct(value as Fields);
  return typeof value === 'number' ? finite(value) : value;
}

/** The output of an operation as a message: null is left out, JSON becomes Value or Struct. */
export function toMessage(type: Type, output: Fields): Fields {
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

function toField(field: Field, value: unknown): unknown {
  const type = field.resolvedType as Type | null;
  if (!type) return value;
  if (type.fullName === valueType) return toProtoValue(value);
  if (type.fullName === structType) return toProtoStruct(value as Fields);
  return toMessage(type, value as Fields);
}
