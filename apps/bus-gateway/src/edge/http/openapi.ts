import {
  commonErrors,
  correlationId,
  credentialErrors,
  errorDefinition,
  type HttpBinding,
  operationList,
  type OperationSpec,
  problem,
} from '@concordat/contracts';
import { z } from 'zod';

type Json = Record<string, unknown>;

const text: Json = { type: 'string' };
/** Headers of every answer. */
const traced: Json = { traceparent: { description: 'W3C Trace Context.', required: true, schema: text } };

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
  }) as Json;
  return rest;
};

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
    info: {
      title: 'Concordat',
      version: '1.0.0',
      description:
        'A self-hosted trust fabric for AI agents: provable identity, durable messaging, a verifiable audit trail, encrypted memory.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
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
    security:
      operation.caller === 'none'
        ? []
        : operation.caller === 'agent'
          ? [{ accessToken: [] }]
          : [{ accessToken: [] }, { apiKey: [] }],
    parameters,
    ...(hasBody && rest.length > 0 ? { requestBody: requestBody(input, rest) } : {}),
    responses: { [http.status]: success(operation, http), ...failures(operation) },
  };
}

/** What any operation takes besides its input. A POST that is a query takes a key too, and has no need of it. */
function headerParameters({ kind }: OperationSpec, { method }: HttpBinding): Json[] {
  const header = (name: string, description: string, schema: Json): Json => ({
    ...{ name, in: 'header', required: false, description, schema },
  });
  const key = header('Idempotency-Key', 'Names the effect: a repetition with the same key has it once.', {
    ...{ type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
  });
  return [
    ...(kind === 'command' || method === 'POST' ? [key] : []),
    header(
      'Concordat-Min-Position',
      'What must have been seen before the answer: `Concordat-Position`s.',
      text,
    ),
    header(
      'Concordat-Correlation-Id',
      'The conversation to which the request belongs.',
      schemaOf(correlationId, 'input'),
    ),
  ];
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

const success = ({ output }: OperationSpec, { mediaType, etag }: HttpBinding): Json => ({
  description: 'Success.',
  headers: {
    ...traced,
    'Concordat-Position': {
      description: 'Where the source stood: `<source>:<epoch>-<position>`.',
      schema: text,
    },
    ...(etag === undefined ? {} : { ETag: { required: true, schema: text } }),
  },
  content:
    mediaType === undefined
      ? { 'application/json': { schema: schemaOf(output, 'output') } }
      : { [mediaType]: {} },
});

/** Codes by status: a reader of the document sees every way in which the operation can fail. */
function failures({ caller, errors }: OperationSpec): Json {
  const codes = [...new Set([...commonErrors, ...(caller === 'none' ? [] : credentialErrors), ...errors])];
  const statuses = [...new Set(codes.map((code) => errorDefinition(code).status))];
  return Object.fromEntries(
    statuses.map((status) => [
      String(status),
      {
        description: codes
          .filter((code) => errorDefinition(code).status === status)
          .map((code) => `\`${code}\`: ${errorDefinition(code).title}`)
          .join('\n\n'),
        headers: {
          ...traced,
          ...(status === 401 ? { 'WWW-Authenticate': { required: true, schema: text } } : {}),
          ...(status === 503 ? { 'Retry-After': { required: true, schema: { type: 'integer' } } } : {}),
        },
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}
