import {
  type HttpBinding,
  isCompressible,
  operationList,
  type OperationSpec,
  problem,
} from '@concordat/contracts';
import { eventPaths } from '../../cloud-events/cloud-events.openapi';
import {
  compressible,
  failures,
  headerParameters,
  type Json,
  schemaOf,
  securityOf,
  text,
  traced,
} from './openapi-parts';

/** What the documents say of the whole. */
export const apiInfo = {
  title: 'Concordat',
  version: '1.0.0',
  description:
    'A self-hosted trust fabric for AI agents: provable identity, durable messaging, a verifiable audit trail, encrypted memory.',
} as const;

/** The catalogue as OpenAPI 3.1: every route, its input, its answers and every error it may give. */
export function openApiDocument(): Json {
  const paths: Record<string, Json> = {};
  for (const operation of operationList) {
    if (!operation.http) continue;
    const path = operation.http.path.replace(/\{(\w+)\+\}/g, '{$1}');
    paths[path] = {
      ...paths[path],
      [operation.http.method.toLowerCase()]: describe(operation, operation.http),
    };
  }
  return {
    openapi: '3.1.0',
    info: { ...apiInfo, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths: { ...paths, ...eventPaths() },
    components: {
      schemas: { Problem: schemaOf(problem, 'output') },
      securitySchemes: {
        accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        apiKey: { type: 'apiKey', in: 'header', name: 'Authorization', description: '`ApiKey <key>`' },
      },
    },
  };
}

function describe(operation: OperationSpec, http: HttpBinding): Json {
  const input = schemaOf(operation.input, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  const inPath = [...http.path.matchAll(/\{(\w+)\+?\}/g)].map((match) => match[1]!);
  const inHeader = Object.entries(http.headers ?? {});
  const named = new Set([...inPath, ...inHeader.map(([, field]) => field)]);
  const rest = Object.keys(input.properties ?? {}).filter((field) => !named.has(field));
  const required = (field: string): boolean => input.required?.includes(field) ?? false;
  const parameter = (place: string, name: string, field: string): Json => ({
    ...{ name, in: place, required: place === 'path' || required(field) },
    schema: input.properties?.[field] ?? {},
  });
  const hasBody = http.method !== 'GET' && http.method !== 'DELETE';
  const parameters = [
    ...inPath.map((field) => parameter('path', field, field)),
    ...inHeader.map(([name, field]) => parameter('header', name, field)),
    ...(hasBody ? [] : rest.map((field) => parameter('query', field, field))),
    ...headerParameters(operation, http),
  ];
  return {
    operationId: operation.name,
    summary: operation.summary,
    tags: [operation.name.split('.')[0]],
    security: securityOf(operation),
    parameters,
    ...(hasBody && rest.length > 0 ? { requestBody: requestBody(input, rest) } : {}),
    responses: { [http.status]: success(operation, http), ...failures(operation) },
  };
}

function requestBody(
  input: { properties?: Record<string, Json>; required?: string[] },
  fields: readonly string[],
): Json {
  const schema = {
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field, input.properties?.[field]])),
    required: (input.required ?? []).filter((field) => fields.includes(field)),
    additionalProperties: false,
  };
  return { required: schema.required.length > 0, content: { 'application/json': { schema } } };
}

const success = (operation: OperationSpec, http: HttpBinding): Json =>
  operation.kind === 'stream'
    ? http.lines
      ? linesOf(http.lines)
      : events(operation)
    : answer(operation, http);

const answer = (operation: OperationSpec, { mediaType, etag }: HttpBinding): Json => ({
  description: 'Success.',
  headers: {
    ...traced,
    ...(isCompressible(operation) ? compressible : {}),
    'Concordat-Position': {
      description: 'Where the source stood: `<source>:<epoch>-<position>`.',
      schema: text,
    },
    ...(etag === undefined ? {} : { ETag: { required: true, schema: text } }),
  },
  content:
    mediaType === undefined
      ? { 'application/json': { schema: schemaOf(operation.output, 'output') } }
      : { [mediaType]: {} },
});

/** Text, line by line; what the lines are depends on the input. */
const linesOf = ({ mediaTypes }: NonNullable<HttpBinding['lines']>): Json => ({
  description: 'Lines, as they come. An answer that breaks off ends without the end of its body.',
  headers: traced,
  content: Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema: text }])),
});

/** Server-sent events; OpenAPI 3.1 has no words for their sequence, so the schema is that of the `data` of one. */
const events = ({ output }: OperationSpec): Json => ({
  description:
    'A stream that goes on until one side ends it. `event: item` carries an item in `data`; `event: error` a Problem, and is the last; `event: end` is the last when all is said. Comments come while nothing happens.',
  headers: traced,
  content: { 'text/event-stream': { schema: schemaOf(output, 'output') } },
});
