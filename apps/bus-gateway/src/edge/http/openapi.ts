import {
  commonErrors,
  credentialErrors,
  errorDefinition,
  operationList,
  type OperationSpec,
  problem,
} from '@concordat/contracts';
import { z } from 'zod';

type Json = Record<string, unknown>;

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

function describe(operation: OperationSpec, http: NonNullable<OperationSpec['http']>): Json {
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
    ...headerParameters(operation),
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

function headerParameters({ kind }: OperationSpec): Json[] {
  const text = { type: 'string' };
  const common = [{ name: 'Concordat-Min-Position', in: 'header', required: false, schema: text }];
  return kind === 'command'
    ? [{ name: 'Idempotency-Key', in: 'header', required: false, schema: text }, ...common]
    : common;
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

const success = ({ output }: OperationSpec, { mediaType }: NonNullable<OperationSpec['http']>): Json => ({
  description: 'Success.',
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
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}
