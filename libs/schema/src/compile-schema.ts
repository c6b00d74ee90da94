import { ConcordatError, type FieldProblem, type JsonValue } from '@concordat/contracts';
import { fromBase64url } from '@concordat/crypto';
import { compareJsonSchemas } from './json/compare-json';
import { compileJsonSchema } from './json/compile-json';
import type { Incompatibility } from './json/comparison';
import { readJsonSchema, type ReadSchema } from './json/read-json-schema';
import { checkWire } from './protobuf/check-wire';
import { compareMessages } from './protobuf/compare-protobuf';
import type { MessageShape } from './protobuf/message-shape';
import { readProto } from './protobuf/read-proto';
import { payloadProblem } from './problem';

/** A schema as it is registered. */
export interface SchemaSource {
  /** `json`: `schema` is a JSON Schema; `protobuf`: it is `{proto, message}`, and payloads are base64url. */
  readonly encoding: 'json' | 'protobuf';
  readonly schema: JsonValue;
}

/** @returns problems of a payload, the first the one that decides; none when it is valid */
export type PayloadChecker = (payload: JsonValue) => readonly FieldProblem[];

/** Makes a schema a function. Takes up to some tens of milliseconds. @throws ConcordatError SCHEMA_INVALID */
export function compileSchema(source: SchemaSource): PayloadChecker {
  if (source.encoding === 'json') return compileJsonSchema(readJsonSchema(source.schema));
  const shape = shapeOf(source.schema);
  return (payload) => {
    const bytes = typeof payload === 'string' ? fromBase64url(payload) : undefined;
    if (!bytes) return [payloadProblem('', 'must be the bytes of the message in base64url')];
    const problem = checkWire(bytes, shape);
    return problem ? [problem] : [];
  };
}

/**
 * Whether every payload that is valid under the older schema is valid under the newer one, as far as that can be decided.
 * @returns undefined when it is compatible; else why not
 * @throws ConcordatError SCHEMA_INVALID when one of them is no schema
 */
export function incompatibility(older: SchemaSource, newer: SchemaSource): Incompatibility | undefined {
  if (older.encoding !== newer.encoding)
    return { pointer: '/encoding', message: `must stay ${older.encoding}` };
  return older.encoding === 'json'
    ? compareJsonSchemas(readJson(older), readJson(newer))
    : compareMessages(shapeOf(older.schema), shapeOf(newer.schema));
}

const readJson = ({ schema }: SchemaSource): ReadSchema => readJsonSchema(schema);

function shapeOf(schema: JsonValue): MessageShape {
  const { proto, message, ...rest } = schema as Record<string, JsonValue>;
  if (typeof proto !== 'string' || typeof message !== 'string' || Object.keys(rest).length > 0) {
    const errors = [
      { pointer: '/schema', message: 'must be {proto, message}: the text, and the name of a message in it' },
    ];
    throw new ConcordatError('SCHEMA_INVALID', undefined, { errors });
  }
  return readProto(proto, message);
}
