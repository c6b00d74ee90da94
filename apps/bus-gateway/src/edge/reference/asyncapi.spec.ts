import asyncApiSchemas from '@asyncapi/specs';
import {
  eventList,
  type EventSpec,
  operationList,
  protoDir,
  protoFiles,
  toEntryFields,
} from '@concordat/contracts';
import Ajv from 'ajv';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncApiDocument } from './asyncapi';
import { messageOperations } from './message-operations';

interface Reference {
  readonly $ref: string;
}
type Schema = Record<string, unknown> & { readonly properties?: Record<string, unknown> };
interface Document {
  readonly asyncapi: string;
  readonly channels: Record<string, { address: string | null; messages: Record<string, Reference> }>;
  readonly operations: Record<string, { action: string; channel: Reference; messages?: Reference[] }>;
  readonly components: {
    readonly messages: Record<string, { payload?: Schema | Reference; headers?: Schema }>;
    readonly schemas: Record<string, Schema>;
  };
}

const document = JSON.parse(JSON.stringify(asyncApiDocument())) as Document;

/** Every value in the document, with where it stands. */
function* walk(value: unknown, path = '#'): Generator<[string, unknown]> {
  yield [path, value];
  if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) yield* walk(inner, `${path}/${key}`);
}

const resolve = (to: string): unknown =>
  to
    .slice(2)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((at, part) => Object(at)[part] as unknown, document);

const lenient = { strict: false, validateFormats: false, allErrors: true } as const;

describe('the AsyncAPI document', () => {
  // Brings the schema of schemas itself.
  const validate = new Ajv({ ...lenient, meta: false }).compile(asyncApiSchemas.schemas['3.0.0']);

  it('is valid AsyncAPI 3.0', () => {
    validate(document);
    expect(validate.errors ?? []).toEqual([]);
    expect(document.asyncapi).toBe('3.0.0');
  });

  it.each([
    ['no channels of that kind', { ...document, channels: [] }],
    [
      'an action that there is not',
      { ...document, operations: { x: { action: 'take', channel: { $ref: '#' } } } },
    ],
    ['a field that there is not', { ...document, topics: {} }],
  ])('with %s / would not be', (_what, broken) => {
    expect(validate(broken)).toBe(false);
  });

  it('refers to nothing that it does not hold', () => {
    const references = [...walk(document)].filter(([path]) => path.endsWith('/$ref'));
    expect(references.length).toBeGreaterThan(100);
    for (const [, to] of references) expect([to, resolve(to as string)]).toEqual([to, expect.anything()]);
  });

  it('has messages on every channel, and every message of an operation on its channel', () => {
    for (const { messages } of Object.values(document.channels))
      expect(Object.keys(messages).length).toBeGreaterThan(0);
    for (const { channel, messages = [] } of Object.values(document.operations))
      for (const { $ref: message } of messages)
        expect(message.startsWith(`${channel.$ref}/messages/`)).toBe(true);
  });
});

describe('the doors in the AsyncAPI document', () => {
  it('are there for every operation by which messages travel, and for those of its noun', () => {
    const names = messageOperations().map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['message.send', 'message.get', 'inbox.fetch', 'inbox.ack']),
    );
    expect(names.filter((name) => /^(auth|did|agent)\./.test(name))).toEqual([]);
    const bound = operationList.filter(({ name, http }) => http && names.includes(name));
    const described = Object.keys(document.operations).filter((id) => id.startsWith('http.'));
    expect(described.sort()).toEqual(bound.map(({ name }) => `http.${name}`).sort());
  });

  it('are there for every gRPC method that serves one of them', () => {
    const names = messageOperations().map(({ name }): string => name);
    const written = protoFiles.flatMap((file) =>
      [...readFileSync(join(protoDir, file), 'utf8').matchAll(/rpc (\w+)[^}]*operation\) = "([\w.]+)"/g)].map(
        ([, method, operation]) => ({ method: method!, operation: operation! }),
      ),
    );
    const wanted = written.filter(({ operation }) => names.includes(operation)).map(({ method }) => method);
    const described = Object.keys(document.operations).filter((id) => id.startsWith('grpc.'));
    expect(described.map((id) => id.split('.').at(-1)).sort()).toEqual(wanted.sort());
    expect(wanted.length).toBeGreaterThan(3);
  });

  it('receive what agents send, and send what agents receive', () => {
    for (const id of ['http.message.send', 'grpc.concordat.v1.BusService.Publish'])
      expect(document.operations[id]).toMatchObject({
        action: 'receive',
        reply: expect.anything() as unknown,
      });
    for (const id of ['http.inbox.fetch', 'grpc.concordat.v1.BusService.FetchInbox'])
      expect(document.operations[id]).toMatchObject({ action: 'send' });
    expect(document.operations['http.inbox.fetch']).toMatchObject({
      bindings: { http: { method: 'GET', query: { properties: { count: {}, waitSeconds: {} } } } },
    });
  });
});

/** Fixtures are events as deciders see them: on a stream, what is sealed or withheld looks otherwise. */
function asPublished({ sealed, local = [] }: EventSpec, data: Record<string, unknown>): object {
  const hidden = { alg: 'A256GCM', kid: 'k', value: 'AAAA' };
  return {
    ...data,
    ...Object.fromEntries((sealed?.fields ?? []).map((field) => [field, hidden])),
    ...Object.fromEntries(local.map((field) => [field, { sha256: 'AAAA' }])),
  };
}

describe('the events in the AsyncAPI document', () => {
  const ajv = new Ajv(lenient).addSchema(document, 'document');
  const fixtures = join(protoDir, '..', 'fixtures', 'events');

  it('are all of the catalogue, each on the channel of its service', () => {
    const found = Object.entries(document.channels)
      .filter(([id]) => id.startsWith('events.'))
      .flatMap(([id, { messages }]) => Object.keys(messages).map((type) => `${id} ${type}`));
    expect(found.sort()).toEqual(eventList.map(({ type }) => `events.${type.split('.')[1]} ${type}`).sort());
    expect(readdirSync(fixtures).length).toBe(eventList.length);
  });

  it.each(eventList)('$type / is described as it is published', (spec) => {
    const fixture = JSON.parse(readFileSync(join(fixtures, `${spec.type}.json`), 'utf8')) as Record<
      string,
      unknown
    >;
    const validate = ajv.compile({ $ref: `document#/components/schemas/${spec.type}` });
    const published = asPublished(spec, fixture);
    expect([validate(published), validate.errors]).toEqual([true, null]);
    expect(validate({ ...published, zzUnknown: 1 })).toBe(false);
    if (spec.sealed ?? spec.local) expect(validate(fixture)).toBe(false);
  });

  it('have the fields of an entry as headers', () => {
    const at = { epoch: 1, position: 2 };
    const fields = toEntryFields({
      ...{ id: 'iam:1:2', type: 't', source: '/concordat/iam', subject: 's', time: '2026-01-01T00:00:00Z' },
      ...{
        tenant: 'default',
        actor: 'a',
        stream: '',
        version: 0,
        correlation: 'c',
        traceparent: 'p',
        data: '{}',
      },
      ...{ at, prev: at, prevHash: 'h', hash: 'h', signatures: [{ alg: 'Ed25519', kid: 'k', value: 'v' }] },
    });
    const names = fields.filter((_field, index) => index % 2 === 0).filter((name) => name !== 'data');
    expect(Object.keys(document.components.schemas['EventHeaders']!.properties!).sort()).toEqual(
      names.sort(),
    );
    const headers = Object.fromEntries(names.map((name) => [name, fields[fields.indexOf(name) + 1]]));
    const [{ type }] = eventList as [EventSpec];
    const validate = ajv.compile({ $ref: `document#/components/messages/${type}/headers` });
    expect(validate({ ...headers, ce_type: type })).toBe(true);
    expect(validate({ ...headers, ce_type: 'concordat.iam.agent.flown.v1' })).toBe(false);
  });
});
