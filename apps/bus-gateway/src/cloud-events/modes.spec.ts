import { ConcordatError, isConcordatError, parseStrictJson } from '@concordat/contracts';
import fc from 'fast-check';
import { arbitraryEvent } from './arbitrary-events.fixture';
import { readBinary, writeBinary } from './binary-mode';
import type { CloudEvent } from './cloud-event';
import { modeOf } from './event-answer';
import { readEvents } from './event-request';
import { fromJson, toJson } from './json-format';
import { declaresJson, isUtf8 } from './media-type';

const to = `did:key:z6Mk${'x'.repeat(44)}`;
const sound = { specversion: '1.0', id: 'A-1', source: '/sensors/7', type: 'com.example.read' };
const headers = {
  'ce-specversion': ['1.0'],
  'ce-id': ['A-1'],
  'ce-source': ['/sensors/7'],
  'ce-type': ['t'],
};

/** Where an event is refused, and why. */
function refusalOf(read: () => unknown): { code: string; errors: string[] } {
  try {
    read();
  } catch (error) {
    if (isConcordatError(error))
      return {
        code: error.code,
        errors: error.errors.map(({ pointer, message }) => `${pointer} ${message}`),
      };
    throw error;
  }
  throw new Error('was not refused');
}
const structured =
  (body: unknown, over: object = {}): (() => unknown) =>
  () =>
    readEvents(
      { 'content-type': ['application/cloudevents+json'], ...over },
      Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    );

describe('an event in binary mode', () => {
  it('has its attributes in headers, and JSON data as JSON', () => {
    const event = readBinary(
      { ...headers, 'content-type': ['Application/JSON'], 'ce-subject': ['caf%C3%A9'], host: ['x'] },
      Buffer.from('{"a":1}'),
    );
    expect(event).toEqual({
      context: { ...sound, type: 't', subject: 'café', datacontenttype: 'Application/JSON' },
      data: { encoding: 'json', value: { a: 1 } },
    });
  });

  it.each(['image/png', 'text/plain', 'application/json; charset=utf-16', 'application/jsonx', undefined])(
    'with data of the type %s / keeps their bytes',
    (type) => {
      const body = Buffer.from([0, 255, 123]);
      const { data } = readBinary(
        { ...headers, ...(type !== undefined && { 'content-type': [type] }) },
        body,
      );
      expect(data).toEqual({ encoding: 'base64', value: 'AP97' });
    },
  );

  it.each([
    ['ce-id is required', { 'ce-id': undefined }],
    ['ce-id must not be empty', { 'ce-id': [''] }],
    ['ce-id is given more than once', { 'ce-id': ['a', 'a'] }],
    ['ce-id must be percent-encoded UTF-8, e.g. Euro%20%E2%82%AC', { 'ce-id': ['%ff'] }],
    ['ce-specversion must be 1.0, the only version that is supported', { 'ce-specversion': ['0.3'] }],
    [
      'content-type is what stands in Content-Type; leave ce-datacontenttype out',
      { 'ce-datacontenttype': ['a/b'] },
    ],
    ['content-type is given more than once', { 'content-type': ['a/b', 'a/c'] }],
    ['content-type must be a media type (RFC 2046), e.g. application/json', { 'content-type': ['json'] }],
    ['ce-my-ext is no name of an attribute: only a–z and 0–9 are allowed', { 'ce-my-ext': ['x'] }],
    ['ce-__proto__ is no name of an attribute: only a–z and 0–9 are allowed', { 'ce-__proto__': ['x'] }],
    ['ce-data is no name of an attribute: it is that of the data', { 'ce-data': ['x'] }],
    ['ce-from is set by the gateway on delivery; leave it out', { 'ce-from': [to] }],
    [
      'ce-subject must hold no control characters, noncharacters or unpaired surrogates',
      { 'ce-subject': ['a%0Ab'] },
    ],
  ])('%s / is refused so', (message, over) => {
    expect(refusalOf(() => readBinary({ ...headers, ...over }, Buffer.from('x')))).toEqual({
      code: 'CLOUD_EVENT_INVALID',
      errors: [message],
    });
  });

  it('without any header of it / is told what is missing', () => {
    const { errors } = refusalOf(() =>
      readBinary({ 'content-type': ['application/json'] }, Buffer.from('{}')),
    );
    expect(errors).toEqual(['specversion', 'id', 'source', 'type'].map((name) => `ce-${name} is required`));
  });

  it('with JSON that is none / is refused by the strict parser', () => {
    const read = (body: string) => () =>
      readBinary({ ...headers, 'content-type': ['application/vnd.x+json'] }, Buffer.from(body));
    expect(refusalOf(read('{')).code).toBe('JSON_MALFORMED');
    expect(refusalOf(read('{"a":1,"a":2}')).code).toBe('JSON_DUPLICATE_KEY');
    expect(refusalOf(read('{"__proto__":1}')).code).toBe('JSON_FORBIDDEN_KEY');
  });

  it('that binary mode cannot carry / has no such form', () => {
    const text = { encoding: 'json', value: 'x' } as const;
    const impossible: CloudEvent[] = [
      { context: { ...sound, ext: 'x'.repeat(9_000) } },
      { context: sound, data: { encoding: 'base64', value: 'AA==' } },
      { context: { ...sound, datacontenttype: 'image/png' }, data: { encoding: 'base64', value: '' } },
      { context: { ...sound, datacontenttype: 'text/plain; charset=latin1' }, data: text },
      { context: { ...sound, datacontenttype: 'text/plain' }, data: { ...text, value: '' } },
    ];
    for (const event of impossible) expect(writeBinary(event)).toBeUndefined();
  });

  it('comes out as it went in, whatever it is', () => {
    let written = 0;
    fc.assert(
      fc.property(arbitraryEvent(to, to), (event) => {
        const sent = writeBinary(event);
        const type = (event.context['datacontenttype'] as string | undefined) ?? 'application/json';
        const isJson = declaresJson(type) && isUtf8(type);
        // Bytes that are said to be JSON are read as JSON.
        if (!sent || (isJson && event.data?.encoding === 'base64')) return;
        written++;
        const lists = Object.fromEntries(sent.headers.map(([name, value]) => [name, [value]]));
        const { context, data } = readBinary(lists, sent.body);
        const implied = event.data?.encoding === 'json' ? { datacontenttype: 'application/json' } : {};
        const texts = Object.entries({ ...implied, ...event.context }).map(([name, value]) => [
          name,
          String(value),
        ]);
        expect(context).toEqual(Object.fromEntries(texts));
        if (event.data?.encoding === 'json' && isJson) expect(data).toEqual(event.data);
        else expect(data && Buffer.from(data.value as string, 'base64')).toEqual(event.data && sent.body);
      }),
      { numRuns: 500 },
    );
    expect(written).toBeGreaterThan(100);
  });
});

describe('an event in structured mode', () => {
  it('comes out as it went in, whatever it is', () => {
    fc.assert(
      fc.property(arbitraryEvent(to, to), (event) => {
        const text = JSON.stringify(toJson(event));
        expect(fromJson(parseStrictJson(text))).toEqual({ ...event, data: event.data });
      }),
      { numRuns: 500 },
    );
  });

  it('has null for what is not there, and as data', () => {
    const event = fromJson({ ...sound, subject: null, data: null, data_base64: null });
    expect(event).toEqual({ context: sound, data: { encoding: 'json', value: null } });
    expect(fromJson(sound)).toEqual({ context: sound, data: undefined });
  });

  it('may repeat its attributes in headers', () => {
    expect(structured(sound, { 'ce-id': ['A-1'], 'ce-source': ['/sensors/7'] })).not.toThrow();
  });

  it.each([
    ['the root must be a JSON object', [], {}],
    ['the root must be a JSON object', 'null', {}],
    ['/id is required', { ...sound, id: null }, {}],
    ['/id must be a string', { ...sound, id: 1 }, {}],
    ['/source must not be empty', { ...sound, source: '' }, {}],
    ['/time must be a time of RFC 3339, e.g. 2026-01-31T12:00:00Z', { ...sound, time: 'yesterday' }, {}],
    [
      '/ext must be a string, an integer or a boolean: attributes have no structure',
      { ...sound, ext: {} },
      {},
    ],
    ['/ext must be an integer of 32 bits', { ...sound, ext: 1.5 }, {}],
    ['/data_base64 excludes data; send one of them', { ...sound, data: null, data_base64: '' }, {}],
    ['/data_base64 must be base64 with padding (RFC 4648 §4)', { ...sound, data_base64: 'A-_=' }, {}],
    ['/data_base64 must be base64 with padding (RFC 4648 §4)', { ...sound, data_base64: 7 }, {}],
    [
      '/data must be a string, since datacontenttype does not declare JSON',
      { ...sound, datacontenttype: 'text/xml', data: {} },
      {},
    ],
    ['/deliverytoken is set by the gateway on delivery; leave it out', { ...sound, deliverytoken: 'x' }, {}],
    ['ce-id is not what the body says', sound, { 'ce-id': ['B-2'] }],
    ['ce-ext is not what the body says', sound, { 'ce-ext': ['x'] }],
    ['ce-id is not what the body says', sound, { 'ce-id': ['A-1', 'B-2'] }],
    ['ce-constructor is not what the body says', sound, { 'ce-constructor': ['x'] }],
  ])('%s / is refused so', (message, body, over) => {
    const { code, errors } = refusalOf(structured(body, over));
    expect([code, errors]).toEqual(['CLOUD_EVENT_INVALID', [message.replace('the root', '')]]);
  });

  it.each([
    ...[
      'application/cloudevents+xml',
      'application/cloudevents',
      'application/cloudevents+json; charset=utf-16',
    ],
    ...['application/cloudevents-batch+avro', 'application/cloudevents+json+x'],
  ])('in the format %s / is not taken for binary mode', (type) => {
    expect(refusalOf(structured(sound, { 'content-type': [type] })).code).toBe('MEDIA_TYPE_UNSUPPORTED');
  });
});

describe('a batch', () => {
  const batch = (body: unknown, over: object = {}) =>
    structured(body, { 'content-type': ['application/cloudevents-batch+json; charset=UTF-8'], ...over });

  it('may be empty, and refuses each event by itself', () => {
    expect(batch([])()).toMatchObject({ isBatch: true, events: [] });
    const { events } = batch([sound, { ...sound, id: '' }, 7])() as { events: unknown[] };
    expect(events.map((event) => event instanceof ConcordatError)).toEqual([false, true, true]);
  });

  it('that is no list, too long, or has attributes in headers / is refused', () => {
    const long = Array.from({ length: 1_001 }, () => 0);
    for (const read of [batch(sound), batch(long), batch([sound], { 'ce-id': ['A-1'] })])
      expect(refusalOf(read).code).toBe('CLOUD_EVENT_INVALID');
  });
});

describe('the mode of an answer', () => {
  it.each([
    [undefined, 'structured'],
    ['', 'structured'],
    ['*/*', 'structured'],
    ['application/*;q=0.1', 'structured'],
    ['application/cloudevents+json', 'structured'],
    ['application/cloudevents-batch+json', 'batch'],
    ['Application/CloudEvents-Batch+JSON; charset=utf-8', 'batch'],
    ['application/cloudevents-batch+json;q=0.5, application/cloudevents+json', 'structured'],
    ['application/cloudevents-batch+json, */*', 'batch'],
    ['application/cloudevents-batch+json;q=0, */*', 'structured'],
  ])('for Accept: %s / is %s', (accept, mode) => expect(modeOf(undefined, accept)).toBe(mode));

  it('is binary for who asks for it, and nothing else that is asked for', () => {
    expect(modeOf('binary', 'image/png')).toBe('binary');
    for (const mode of ['batch', 'Binary', ''])
      expect(refusalOf(() => modeOf(mode, undefined)).code).toBe('INPUT_INVALID');
    for (const accept of ['application/json', 'text/*', '*/*;q=0', 'application/cloudevents+json;q=0.0'])
      expect(refusalOf(() => modeOf(undefined, accept)).code).toBe('NOT_ACCEPTABLE');
  });
});
