import {
  errorDefinition,
  errorsOf,
  type HttpBinding,
  isCompressible,
  operationList,
  type OperationSpec,
} from '@concordat/contracts';
import { createLogger, Health } from '@concordat/runtime';
import { Validator } from '@seriousme/openapi-schema-validator';
import type { RouteOptions } from 'fastify';
import { z } from 'zod';
import type { Directory } from '@concordat/directory';
import type { OperationRouter } from '../operation-router';
import { HttpEdge } from './http-edge';
import { addCheckpointPath } from './witness-text';
import type * as httpServer from './http-server';
import { openApiDocument } from './openapi';

const mockRoutes: RouteOptions[] = [];
jest.mock('./http-server', () => {
  const actual = jest.requireActual<typeof httpServer>('./http-server');
  return {
    ...actual,
    openHttpServer: (...options: Parameters<typeof actual.openHttpServer>) => {
      const server = actual.openHttpServer(...options);
      server.addHook('onRoute', (route) => void mockRoutes.push(route));
      return server;
    },
  };
});

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: object;
}
interface Operation {
  readonly operationId: string;
  readonly security: Record<string, string[]>[];
  readonly parameters: Parameter[];
  readonly requestBody?: { required: boolean; content: Record<string, { schema: object }> };
  readonly responses: Record<
    string,
    { description: string; headers: object; content: Record<string, object> }
  >;
}
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { securitySchemes: object; schemas: { Problem: { required: string[] } } };
}
type Route = OperationSpec & { readonly http: HttpBinding };

const document = JSON.parse(JSON.stringify(openApiDocument())) as Document;
const routes = operationList.filter((spec): spec is Route => spec.http !== undefined);
/** Faces of operations that the catalogue has under other routes. */
const faces = { 'GET /v1/events': 'event.fetch', 'POST /v1/events': 'event.send' };
const plain = (path: string): string => path.replace('+}', '}');
const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
);

/** Every value in the document, with where it stands. */
function* walk(value: unknown, path = '#'): Generator<[string, unknown]> {
  yield [path, value];
  if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) yield* walk(inner, `${path}/${key}`);
}

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(document) as unknown as Record<string, unknown>)).toEqual(
      { valid: true },
    );
    expect([document.openapi, validator.version]).toEqual(['3.1.0', '3.1']);
  });

  it('refers to nothing that it does not hold', () => {
    const references = [...walk(document)]
      .filter(([path]) => path.endsWith('/$ref'))
      .map(([, to]) => String(to));
    expect(new Set(references)).toEqual(new Set(['#/components/schemas/Problem']));
  });

  it('has patterns that every reader of regular expressions understands', () => {
    const patterns = [...walk(document)]
      .filter(([path]) => path.endsWith('/pattern'))
      .map(([, pattern]) => pattern as string);
    expect(patterns.length).toBeGreaterThan(20);
    for (const pattern of patterns) expect(() => new RegExp(pattern, 'u')).not.toThrow();
  });

  it('has every route of the catalogue once, and no other', () => {
    const wanted = [...routes.map(({ http }) => `${http.method} ${plain(http.path)}`), ...Object.keys(faces)];
    expect([...documented].sort()).toEqual(wanted.sort());
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(ids.sort()).toEqual([...routes.map(({ name }) => name), ...Object.values(faces)].sort());
  });

  it('has every route of the server but those that describe and watch it, and the server every route of it', async () => {
    const nothing = {} as unknown;
    const logger = createLogger({ service: 'bus-gateway', instance: 'bus-1', level: 'silent' });
    const ports = {
      router: nothing as OperationRouter,
      directory: nothing as Directory,
      health: new Health(),
      logger,
      now: () => new Date(),
    };
    await new HttpEdge({ ...ports, host: '127.0.0.1', port: 0 }).fastify.ready();
    const served = mockRoutes.flatMap(({ method, url }) => [method].flat().map((verb) => `${verb} ${url}`));
    const isMeta = (route: string): boolean =>
      /^(GET|HEAD) \/(openapi\.json|asyncapi\.json|docs(\/[\w.-]*)?|metrics|health\/\w+|\.well-known\/[\w.]+)$/.test(
        route,
      );
    const fields = routes.map(({ http }) => /\{(\w+)\+\}/.exec(http.path)?.[1]);
    const asServed = documented.map((route) =>
      route
        .replace(/\{(\w+)\}$/, (all, name: string) => (fields.includes(name) ? '*' : all))
        .replace(/\{(\w+)\}/g, ':$1'),
    );
    // The text of C2SP tlog-witness; what it does is documented as `audit.addCheckpoint`.
    const others = served.filter((route) => !isMeta(route) && route !== `POST ${addCheckpointPath}`);
    expect(others.sort()).toEqual(asServed.sort());
    expect(served).toContain(`POST ${addCheckpointPath}`);
    expect(served.filter(isMeta).length).toBeGreaterThan(4);
  });

  it('has events in every mode, in and out, and takes no second name for them', () => {
    const { get, post } = document.paths['/v1/events']!;
    const types = ['application/cloudevents+json', 'application/cloudevents-batch+json', '*/*'];
    expect(Object.keys(post!.requestBody!.content)).toEqual(types);
    expect(Object.keys(get!.responses['200']!.content)).toEqual(types);
    expect(post!.responses['400']!.description).toContain('CLOUD_EVENT_INVALID');
    expect(get!.responses['406']!.description).toContain('NOT_ACCEPTABLE');
    for (const { name } of [...get!.parameters, ...post!.parameters])
      expect(name).not.toBe('Idempotency-Key');
  });

  it('says what a problem is, as it is answered', () => {
    expect(document.components.schemas.Problem.required.sort()).toEqual(
      ['type', 'title', 'status', 'detail', 'code', 'fix', 'traceId', 'errors'].sort(),
    );
  });
});

describe.each(routes)('$http.method $http.path in the OpenAPI document', (route) => {
  const { http, input, caller, kind } = route;
  const operation = document.paths[plain(http.path)]?.[http.method.toLowerCase()] as Operation;
  const schema = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as {
    properties: Record<string, object>;
    required?: string[];
  };
  const isRequired = (field: string): boolean => schema.required?.includes(field) ?? false;
  const inPath = [...http.path.matchAll(/\{(\w+)\+?\}/g)].map(([, name]) => name!);
  const inHeader = Object.values(http.headers ?? {});
  const rest = Object.keys(schema.properties).filter((field) => ![...inPath, ...inHeader].includes(field));
  const hasBody = ['POST', 'PUT', 'PATCH'].includes(http.method);
  const named = (place: Parameter['in']) =>
    operation.parameters.filter((parameter) => parameter.in === place);

  it('has its fields where the server reads them, as its input says', () => {
    expect(named('path').map(({ name, required }) => [name, required])).toEqual(
      inPath.map((name) => [name, true]),
    );
    const inQuery = hasBody ? [] : rest;
    expect(named('query').map(({ name, required }) => [name, required])).toEqual(
      inQuery.map((name) => [name, isRequired(name)]),
    );
    for (const { name, schema: found } of [...named('path'), ...named('query')])
      expect(found).toEqual(schema.properties[name]);
    const body = operation.requestBody;
    if (!hasBody || rest.length === 0) return expect(body).toBeUndefined();
    expect(Object.keys(body!.content)).toEqual(['application/json']);
    expect(body).toMatchObject({ required: rest.some(isRequired) });
    expect(body!.content['application/json']!.schema).toEqual({
      ...{ type: 'object', additionalProperties: false, required: rest.filter(isRequired) },
      properties: Object.fromEntries(rest.map((field) => [field, schema.properties[field]])),
    });
  });

  it('has the headers that every operation takes, and its own, and none that OpenAPI ignores', () => {
    const names = named('header').map(({ name, required }) => [name.toLowerCase(), required]);
    const isNamed = kind === 'command' || http.method === 'POST';
    expect(names.sort()).toEqual(
      [
        ...Object.entries(http.headers ?? {}).map(([name, field]) => [name, isRequired(field)]),
        ...(isNamed ? [['idempotency-key', false]] : []),
        ...(hasBody && caller !== 'none' ? [['content-encoding', false]] : []),
        ...[
          ['concordat-min-position', false],
          ['concordat-correlation-id', false],
        ],
      ].sort(),
    );
    expect(names.map(([name]) => name)).not.toEqual(expect.arrayContaining(['authorization']));
  });

  it('says who may call it', () => {
    const either = [{ accessToken: [] }, { apiKey: [] }];
    const wanted = { none: [], agent: [{ accessToken: [] }], credential: either, gateway: undefined };
    expect(operation.security).toEqual(wanted[caller]);
  });

  it('names every error under its status, and says what comes with it', () => {
    const codes = errorsOf(route);
    const { [http.status]: success, ...failures } = operation.responses;
    const found = Object.entries(failures).flatMap(([status, { description }]) =>
      [...description.matchAll(/`([A-Z_]+)`: /g)].map(([, code]) => [status, code]),
    );
    const wanted = codes.map((code) => [String(errorDefinition(code).status), code]);
    expect(found.sort()).toEqual([...new Map(wanted.map((pair) => [pair[1], pair])).values()].sort());
    for (const { content } of Object.values(failures))
      expect(content).toEqual({
        'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
      });
    for (const answer of Object.values(operation.responses))
      expect(answer.headers).toHaveProperty('traceparent');
    if (failures['401']) expect(failures['401'].headers).toHaveProperty('WWW-Authenticate');
    for (const status of ['429', '503'])
      if (failures[status]) expect(failures[status].headers).toHaveProperty('Retry-After');
    expect('Concordat-Position' in success!.headers).toBe(kind !== 'stream');
    expect('ETag' in success!.headers).toBe(http.etag !== undefined);
    expect(failures['415']!.headers).toHaveProperty('Accept-Encoding');
    expect('Content-Encoding' in success!.headers).toBe(isCompressible(route));
  });

  it('answers with its output, with bytes, or with its items as events or lines', () => {
    const { content } = operation.responses[http.status]!;
    if (http.lines) return expect(Object.keys(content)).toEqual(http.lines.mediaTypes);
    if (http.mediaType !== undefined) return expect(content).toEqual({ [http.mediaType]: {} });
    const { $schema: _dialect, ...output } = z.toJSONSchema(route.output, {
      io: 'output',
      unrepresentable: 'any',
    });
    const type = kind === 'stream' ? 'text/event-stream' : 'application/json';
    expect(content).toEqual({ [type]: { schema: JSON.parse(JSON.stringify(output)) as object } });
  });
});
