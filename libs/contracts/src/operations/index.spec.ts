import { z } from 'zod';
import { isErrorCode } from '../error-catalogue';
import {
  commonErrors,
  credentialErrors,
  isCompressible,
  type OperationSpec,
  streamErrors,
} from '../operation';
import { services } from '../names';
import { findOperation, operationList, operations } from './index';

const withHttp = operationList.filter((spec) => spec.http !== undefined);
const inputSchema = (spec: OperationSpec) =>
  z.toJSONSchema(spec.input, { io: 'input' }) as {
    type: string;
    properties: Record<string, { type?: string; minimum?: number }>;
    required?: string[];
    additionalProperties: unknown;
  };
const placeholders = (path: string): string[] => [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name!);

describe('the list of operations', () => {
  it('holds each under its own name, once', () => {
    expect(Object.entries(operations).filter(([name, spec]) => name !== spec.name)).toEqual([]);
    expect(new Set(operationList.map(({ name }) => name)).size).toBe(operationList.length);
    expect(operationList.length).toBeGreaterThan(20);
  });

  it('finds operations by name, and nothing that is inherited', () => {
    expect(findOperation('agent.register')).toBe(operations['agent.register']);
    for (const name of ['', 'agent', 'agent.fly', 'constructor', 'toString', '__proto__'])
      expect(findOperation(name)).toBeUndefined();
  });

  it('has no two operations with one method and path', () => {
    const routes = withHttp.map(({ http }) => `${http!.method} ${http!.path.replace(/\{[^}]*\}/g, '{}')}`);
    expect(routes.filter((route, i) => routes.indexOf(route) !== i)).toEqual([]);
  });

  it('has no path that fits into the placeholder of another with the same method', () => {
    const segments = (path: string): string[] => path.split('/');
    const fits = (path: string, pattern: string): boolean =>
      segments(path).length === segments(pattern).length &&
      segments(pattern).every((part, i) => part.startsWith('{') || part === segments(path)[i]);
    const clashes = withHttp.flatMap((a) =>
      withHttp.filter(
        (b) => a !== b && a.http!.method === b.http!.method && fits(a.http!.path, b.http!.path),
      ),
    );
    expect(clashes.map(({ name }) => name)).toEqual([]);
  });

  it('cannot be changed', () => {
    expect(Object.isFrozen(operations)).toBe(true);
    expect(Object.isFrozen(operationList)).toBe(true);
    expect(operationList.every((spec) => Object.isFrozen(spec))).toBe(true);
  });
});

describe.each(operationList)('the operation $name', (spec) => {
  it('has a name of noun and verb, a service and a sentence about it', () => {
    expect(spec.name).toMatch(/^[a-z]+[A-Za-z]*\.[a-z]+[A-Za-z]*$/);
    expect(services).toContain(spec.service);
    expect(spec.summary).toMatch(/^[A-Z].*\.$/);
  });

  it('answers with errors that exist, none of them twice', () => {
    expect(spec.errors.filter((code) => !isErrorCode(code))).toEqual([]);
    const common: readonly string[] = [
      ...commonErrors,
      ...(spec.caller === 'none' ? [] : credentialErrors),
      ...(spec.kind === 'stream' ? streamErrors : []),
    ];
    expect(spec.errors.filter((code, i) => spec.errors.indexOf(code) !== i || common.includes(code))).toEqual(
      [],
    );
  });

  it('refuses fields that it does not know', () => {
    const { error } = spec.input.safeParse({ zzUnknown: 1 });
    expect(error?.issues).toContainEqual(
      expect.objectContaining({ code: 'unrecognized_keys', keys: ['zzUnknown'], path: [] }),
    );
    expect(inputSchema(spec)).toMatchObject({ type: 'object', additionalProperties: false });
  });

  it('has a JSON Schema for its input and its output', () => {
    expect(Object.keys(inputSchema(spec).properties)).toEqual(Object.keys(spec.input.shape));
    const output = z.toJSONSchema(spec.output, { io: 'output' });
    expect(output).toMatchObject({ type: 'object', additionalProperties: false });
  });

  it('has a route unless only the gateway calls it', () => {
    expect(spec.http === undefined).toBe(spec.caller === 'gateway');
  });

  it('tells that a secret was shown before, if and only if it shows one', () => {
    expect(spec.errors.includes('SECRET_ALREADY_SHOWN')).toBe(spec.revealsSecret === true);
  });

  it('is not compressed where its answer holds a credential', () => {
    const { properties } = z.toJSONSchema(spec.output, { io: 'output', unrepresentable: 'any' });
    const credentials = ['accessToken', 'refreshToken', 'key', 'password', 'secret', 'secretKey'];
    // Names of what is stored, and public keys.
    const harmless = ['audit.key', 'memory.get', 'memory.put', 'memory.delete'];
    const isSecret = credentials.some((name) => name in (properties ?? {})) && !harmless.includes(spec.name);
    if (isSecret) expect(isCompressible(spec)).toBe(false);
    if (spec.revealsSecret) expect(isCompressible(spec)).toBe(false);
  });
});

describe.each(withHttp)('the route of $name', (spec) => {
  const { path, headers = {} } = spec.http!;
  const fields = Object.keys(spec.input.shape);

  it('is under /v1, in segments of plain letters and placeholders, unless a standard says where it is', () => {
    const segments = /^\/(v1|agents)(\/([a-z]+([-.][a-z]+)*|\{[A-Za-z]+\}))*(\/\{[A-Za-z]+\+\})?$/;
    expect(path).toMatch(segments);
    expect(path.startsWith('/v1/')).toBe(spec.name !== 'did.resolve');
  });

  it('has a field of the input for every placeholder and header', () => {
    const named = [...placeholders(path).map((name) => name.replace('+', '')), ...Object.values(headers)];
    expect(named.filter((name) => !fields.includes(name))).toEqual([]);
    expect(new Set(named).size).toBe(named.length);
    for (const header of Object.keys(headers)) expect(header).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it('needs the fields of its placeholders', () => {
    const schema = inputSchema(spec);
    const names = placeholders(path).map((name) => name.replace('+', ''));
    expect(names.filter((name) => !schema.required?.includes(name))).toEqual([]);
  });
});

describe('the operations taken together', () => {
  const namesOf = (has: (spec: OperationSpec) => boolean): string[] =>
    operationList.filter(has).map(({ name }) => name);

  it('read with GET and change with PUT, PATCH and DELETE', () => {
    const changing = ['PUT', 'PATCH', 'DELETE'];
    expect(namesOf(({ http, kind }) => http?.method === 'GET' && kind === 'command')).toEqual([]);
    expect(namesOf(({ http, kind }) => changing.includes(http?.method ?? '') && kind !== 'command')).toEqual(
      [],
    );
  });

  it('stream by GET, with a place that the caller can come back with, and that stands in every item', () => {
    const streams = operationList.filter(({ kind }) => kind === 'stream');
    expect(streams.map(({ name }) => name)).toEqual([
      ...['inbox.subscribe', 'audit.export', 'audit.subjectExport', 'audit.stream'],
    ]);
    for (const { http, input, output, itemId } of streams) {
      expect(http).toMatchObject({ method: 'GET', status: 200 });
      const field = http!.headers?.['last-event-id'];
      expect(itemId === undefined).toBe(field === undefined);
      if (itemId === undefined) continue;
      const items = z.toJSONSchema(output, { io: 'output' }) as { required: string[] };
      expect(items.required).toContain(itemId);
      expect(input.shape[field!]!.safeParse(undefined).success).toBe(true);
    }
    for (const { http, output } of streams.filter(({ http }) => http!.lines))
      expect([Object.keys((output as z.ZodObject).shape), http!.headers]).toEqual([['lines'], undefined]);
    expect(namesOf(({ kind, http }) => kind !== 'stream' && http?.lines !== undefined)).toEqual([]);
    expect(namesOf(({ kind, itemId }) => kind !== 'stream' && itemId !== undefined)).toEqual([]);
  });

  it('ask for a scope only where there is a credential', () => {
    const hasCredential = ({ caller }: OperationSpec) => caller === 'credential' || caller === 'agent';
    expect(namesOf((spec) => spec.scope !== undefined && !hasCredential(spec))).toEqual([]);
  });

  it('never let a credential that may only read change something', () => {
    const isOpen = ({ scope }: OperationSpec) => scope === undefined || scope === 'read';
    expect(namesOf((spec) => spec.kind === 'command' && isOpen(spec))).toEqual([
      'auth.token',
      'handshake.redeem',
      // They concern the credential of the caller, and what was handed to him.
      'auth.revoke',
      'auth.exchange',
      'delegation.create',
      // One's own password with the current one, and one's own sessions: of oneself, whatever one may do otherwise.
      'user.setPassword',
      'auth.login',
      'auth.refresh',
      'session.open',
      'session.refresh',
      'session.revoke',
      // Its body is signed by a log that the operator has named; nobody else’s changes anything.
      'audit.addCheckpoint',
    ]);
  });

  it('send a body of bytes where they name a media type', () => {
    const bytes = operationList.filter(({ http }) => http?.mediaType !== undefined);
    expect(bytes.map(({ name }) => name)).toEqual(expect.arrayContaining(['audit.tile', 'agent.document']));
    expect(bytes.map(({ output }) => Object.keys((output as z.ZodObject).shape))).toEqual(
      bytes.map(() => ['body']),
    );
  });
});

describe('the numbers of a query string', () => {
  const numeric = withHttp
    .filter(({ http }) => http!.method === 'GET')
    .flatMap((spec) =>
      Object.entries(inputSchema(spec).properties)
        .filter(([, { type }]) => type === 'integer' || type === 'number')
        .map(([field, { minimum }]) => ({ name: spec.name, field, number: (minimum ?? 0) + 1, spec })),
    );

  it('are found in the operations that list and wait', () => {
    const found = numeric.map(({ name, field }) => `${name} ${field}`);
    expect(found).toEqual(
      expect.arrayContaining([
        'agent.list limit',
        'inbox.fetch count',
        'inbox.fetch waitSeconds',
        'inbox.fetch leaseSeconds',
        'inbox.subscribe credits',
        'inbox.subscribe leaseSeconds',
        'audit.messages limit',
        'audit.events limit',
        'audit.consistencyProof from',
        'audit.consistencyProof to',
      ]),
    );
  });

  it.each(numeric)('$name reads $field from text', ({ spec, field, number }) => {
    const schema = spec.input.shape[field]!;
    expect(schema.parse(String(number))).toBe(number);
    expect(schema.parse(number)).toBe(number);
    for (const text of ['ten', '-1', '1e400', 'NaN', 'Infinity', '99999999999999999999'])
      expect(schema.safeParse(text).success).toBe(false);
  });
});
