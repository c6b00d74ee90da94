import { z } from 'zod';
import { limits } from '../limits';
import { jsonObject, schemaType, schemaVersion, timestamp } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';

const encoding = z.enum(['json', 'protobuf']);
/** `backward`: payloads of the version before are valid; `none`: nobody has looked. */
const compatibility = z.enum(['backward', 'none']);

const document = jsonObject.refine(
  (schema) => Buffer.byteLength(JSON.stringify(schema)) <= limits.schemaBytes,
  `must be at most ${limits.schemaBytes} bytes of JSON`,
);

const registered = z.strictObject({
  type: schemaType,
  version: z.number().int().min(1).max(limits.schemaVersions),
  encoding,
  /** A JSON Schema (2020-12), or `{proto, message}`: the text of a .proto file, and the name of the message in it. */
  schema: jsonObject,
  compatibility,
  registeredAt: timestamp,
});
export type RegisteredSchema = z.infer<typeof registered>;

export const schemaOperations = {
  'schema.put': operation({
    name: 'schema.put',
    service: 'bus',
    summary:
      'Register the next version of the schema of a payload type: for good, and only if payloads of the version before stay valid.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'PUT', path: '/v1/schemas/{type}/{version}', status: 200 },
    input: z.strictObject({
      type: schemaType,
      version: schemaVersion,
      encoding: encoding.default('json'),
      schema: document,
      compatibility: compatibility.default('backward'),
    }),
    output: registered,
    errors: [
      ...(['SCHEMA_INVALID', 'SCHEMA_VERSION_TAKEN', 'SCHEMA_VERSION_SKIPPED'] as const),
      ...(['SCHEMA_INCOMPATIBLE', 'SCHEMA_LIMIT_REACHED'] as const),
    ],
  }),
  'schema.get': operation({
    name: 'schema.get',
    service: 'bus',
    summary: 'Read a version of the schema of a payload type.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/schemas/{type}/{version}', status: 200 },
    input: z.strictObject({ type: schemaType, version: schemaVersion }),
    output: registered,
    errors: ['SCHEMA_UNKNOWN'],
  }),
  'schema.list': operation({
    name: 'schema.list',
    service: 'bus',
    summary: 'List the payload types that have a schema, by name, with their latest versions.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/schemas', status: 200 },
    input: z.strictObject({ ...pageInput }),
    output: page(z.strictObject({ type: schemaType, latestVersion: registered.shape.version })),
    errors: [],
  }),
};
