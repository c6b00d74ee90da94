import { limits, operationList, protoDir, protoFiles } from '@concordat/contracts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Field, Type } from 'protobufjs';
import { z } from 'zod';
import { loadRoot, loadServices } from './grpc-protos';

interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
}

const root = loadRoot();
const allMethods = loadServices(root).flatMap((service) => service.methods);
/** A command as a stream carries many calls of another method; what is a stream itself carries its items. */
const callStreams = allMethods.filter(({ isStream, operation }) => isStream && operation.kind !== 'stream');
const methods = allMethods.filter((method) => !callStreams.includes(method));
const routes = operationList.filter(({ http }) => http !== undefined);

const int32 = 2 ** 31 - 1;
/** Integers of answers whose schemas have no bound, although something else bounds them. */
const boundedBy: Readonly<Record<string, number>> = {
  attempt: limits.deliveryAttempts,
  attempts: limits.deliveryAttempts,
  retryCount: limits.deliveryAttempts,
  leaseSeconds: limits.leaseSeconds,
  ttlSeconds: limits.messageTtlSeconds,
  delaySeconds: limits.messageDelaySeconds,
  expiresIn: limits.accessTokenSeconds,
};

/** Written in a language of their own, whose words the JSON Schema has: they travel as JSON, like `metadata`. */
const documents: readonly string[] = ['rules', 'tests', 'subject', 'resource', 'context'];

/** Without the null: in a message it is a field that is not there. What may be one of several is that if they are alike. */
function present(schema: Schema): Schema & { readonly type?: string | undefined } {
  const kinds = (schema.anyOf ?? [schema]).flatMap((one) =>
    [one.type].flat().map((type) => ({ ...one, type: type as string | undefined })),
  );
  const [first, ...others] = kinds.filter(({ type }) => type !== 'null');
  return others.every(({ type }) => type === first!.type) ? first! : { type: undefined };
}

/** How a value of a schema travels in protobuf. */
function kindOf(name: string, schema: Schema): string {
  const { type, items, properties, minimum = -Infinity, maximum = Infinity } = present(schema);
  switch (type) {
    case 'array':
      return `repeated ${kindOf(name, items!)}`;
    case 'object':
      return properties && !documents.includes(name) ? 'message' : '.google.protobuf.Struct';
    case 'integer':
      return (boundedBy[name] ?? Math.max(maximum, -minimum)) <= int32 ? 'int32' : 'int64';
    case 'number':
      return 'double';
    case 'boolean':
      return 'bool';
    case undefined:
      return '.google.protobuf.Value';
    default:
      return type;
  }
}

function kindOfField(field: Field): string {
  const type = field.resolve().resolvedType;
  const isJson = type?.fullName.startsWith('.google.protobuf.') === true;
  return `${field.repeated ? 'repeated ' : ''}${type ? (isJson ? type.fullName : 'message') : field.type}`;
}

/** Every field of a message and of those in it: `items.deliveryToken string`. */
const fieldsOfType = (type: Type, path = ''): string[] =>
  type.fieldsArray.flatMap((field) => {
    const kind = kindOfField(field);
    const own = `${path}${field.name} ${kind}`;
    return kind.endsWith('message')
      ? [own, ...fieldsOfType(field.resolvedType as Type, `${path}${field.name}.`)]
      : own;
  });

const fieldsOfSchema = (schema: Schema, path = ''): string[] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const kind = kindOf(name, property);
    const own = `${path}${name} ${kind}`;
    const { items, ...inner } = present(property);
    return kind.endsWith('message')
      ? [own, ...fieldsOfSchema(present(items ?? inner), `${path}${name}.`)]
      : own;
  });

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Schema =>
  z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Schema;

describe('the methods of the .proto files', () => {
  it('serve every operation that has a route, once', () => {
    const names = methods.map(({ operation }) => operation.name);
    expect([...names].sort()).toEqual(routes.map(({ name }) => name).sort());
    expect(names.length).toBeGreaterThan(20);
  });

  it('have paths and messages of their package', () => {
    for (const { path, requestType, responseType } of allMethods) {
      expect(path).toMatch(
        /^\/concordat\.v1\.(Identity|Policy|Bus|Bridge|Schedule|Limit|Vault|Audit|Governance)Service\/[A-Z][A-Za-z]+$/,
      );
      for (const { fullName } of [requestType, responseType])
        expect(fullName).toMatch(/^\.concordat\.v1\.[A-Z]/);
    }
  });

  it('have requests of their own, so that one can grow without another', () => {
    const requests = allMethods.map(({ requestType }) => requestType.name);
    expect(requests.filter((name, i) => requests.indexOf(name) !== i)).toEqual([]);
  });
});

describe.each(callStreams)('$path', ({ operation, requestType, responseType }) => {
  const unary = methods.find((method) => method.operation === operation)!;

  it('carries calls of the method that serves the same operation, each with a number and a key', () => {
    expect(operation.kind).toBe('command');
    expect(requestType.fieldsArray.map(({ name, type }) => `${name} ${type}`)).toEqual([
      ...['sequence int64', 'idempotencyKey string', `request ${unary.requestType.name}`],
    ]);
    expect(responseType.fieldsArray.map(({ name, type }) => `${name} ${type}`)).toEqual([
      ...['sequence int64', `response ${unary.responseType.name}`, 'problem CallProblem', 'position string'],
    ]);
    expect(responseType.oneofs['outcome']!.oneof).toEqual(['response', 'problem']);
  });
});

it('what is a stream in the catalogue, and no more, is one here', () => {
  const streams = methods.filter(({ isStream }) => isStream).map(({ operation }) => operation.name);
  expect(streams).toEqual(operationList.flatMap(({ kind, name }) => (kind === 'stream' ? [name] : [])));
  expect(callStreams.map(({ name }) => name)).toEqual(['PublishStream', 'AckStream']);
  // Of whom items are asked by credits the client says so on the way.
  const taking = allMethods.filter(({ takesMany }) => takesMany).map(({ name }) => name);
  expect(taking).toEqual(['Subscribe', 'PublishStream', 'AckStream']);
});

describe.each(methods)('$path', ({ operation, requestType, responseType }) => {
  it('takes the fields of the input, and as large numbers', () => {
    expect(fieldsOfType(requestType).sort()).toEqual(
      fieldsOfSchema(schemaOf(operation.input, 'input')).sort(),
    );
  });

  it('answers with the fields of the output, and as large numbers', () => {
    const fields = fieldsOfSchema(schemaOf(operation.output, 'output'));
    // One message for what has a secret in one answer only, or content in one answer only.
    const missing = fieldsOfType(responseType).filter((field) => !fields.includes(field));
    expect(fieldsOfType(responseType)).toEqual(expect.arrayContaining(fields));
    expect(missing).toEqual(sometimes[operation.name] ?? []);
  });
});

/** Fields of a message that the answer of this operation never fills. */
const sometimes: Readonly<Record<string, readonly string[]>> = {
  'apiKey.revoke': ['key string'],
  'apiKey.get': ['key string'],
  'apiKey.list': ['items.key string'],
  'deadLetter.list': ['items.payload .google.protobuf.Value'],
  'memory.put': ['content .google.protobuf.Value'],
};

describe.each(protoFiles)('%s', (file) => {
  const source = readFileSync(join(protoDir, file), 'utf8');

  it('writes its fields in snake_case, numbered from 1 without a hole', () => {
    const messages = [...source.matchAll(/^message \w+ \{\n(.*?)^\}/gms)].map(([, body]) => body!);
    const fields = messages.map((body) => [
      ...body.matchAll(/^ {2,4}(?:repeated |optional )?[\w.]+ (\w+) = (\d+);$/gm),
    ]);
    // A file may have its service alone.
    expect(fields.flat().length > 10 || /^service /m.test(source)).toBe(true);
    for (const [index, found] of fields.entries()) {
      expect(found.map(([, , number]) => Number(number))).toEqual(found.map((_, i) => i + 1));
      for (const [, name] of found) expect(name).toMatch(/^[a-z][a-z\d]*(_[a-z\d]+)*$/);
      expect(found.length).toBe(messages[index]!.split('\n').filter((line) => line.includes(' = ')).length);
    }
  });
});
