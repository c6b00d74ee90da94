import { limits } from '../limits';
import { operations } from '../operations';
import { contextProblems, deliveryAttributes, isBase64 } from './cloud-event-context';

const sound = { specversion: '1.0', id: 'A-1', source: '/sensors/7', type: 'com.example.read' };
const faults = (over: Record<string, unknown>): string[] =>
  contextProblems({ ...sound, ...over }).map(({ attribute, message }) => `${attribute} ${message}`);

describe('the context of an event', () => {
  it('with the required attributes, or with all of them / is sound', () => {
    expect(contextProblems(sound)).toEqual([]);
    const optional = {
      ...{
        subject: 'door é 🚪',
        time: '1996-12-19T16:39:57.52-08:00',
        datacontenttype: 'text/xml; charset=utf-8',
      },
      ...{ dataschema: 'https://example.com/s.json#/$defs/a', flag: false, count: -2_147_483_648, empty: '' },
      ...{ constructor: 'a name like any other', 0: 'digits', unset: null },
    };
    expect(faults(optional)).toEqual([]);
  });

  it.each(['specversion', 'id', 'source', 'type'])('without %s, or with an empty one / is not', (name) => {
    for (const value of [undefined, null]) {
      const { [name]: _, ...rest } = { ...sound, [name]: value } as Record<string, unknown>;
      expect(contextProblems(value === null ? { ...rest, [name]: null } : rest)).toEqual([
        { attribute: name, message: 'is required' },
      ]);
    }
    expect(faults({ [name]: '' })).toHaveLength(1);
    for (const value of [1, true, {}, []]) expect(faults({ [name]: value })).toHaveLength(1);
  });

  it.each(['0.3', '1', '1.0.2', '1.1', '2.0', ' 1.0', 'v1.0'])('of version %s / is not', (specversion) => {
    expect(faults({ specversion })).toEqual(['specversion must be 1.0, the only version that is supported']);
  });

  it.each(['Subject', 'my-ext', 'my_ext', 'é', '', 'a b', 'data', 'data_base64'])(
    'with an attribute called "%s" / is not',
    (name) => expect(faults({ [name]: 'x' })).toHaveLength(1),
  );

  it.each(deliveryAttributes)('with %s, which the gateway sets / is not', (name) => {
    expect(faults({ [name]: 'did:key:zForged' })).toEqual([
      `${name} is set by the gateway on delivery; leave it out`,
    ]);
  });

  it.each([[2 ** 31], [-(2 ** 31) - 1], [1.5], [NaN], [{}], [[]], [['x']], [undefined]])(
    'with the value %p / is not',
    (value) => expect(faults({ ext: value })).toHaveLength(1),
  );

  it.each(['a\nb', '\0', '\x7f', '\x85', '\ufdd0', '\uffff', '\u{1fffe}', '\ud800', '\udc00x'])(
    'with the characters %j in a text / is not',
    (text) => {
      for (const name of ['id', 'type', 'subject', 'ext']) expect(faults({ [name]: text })).toHaveLength(1);
    },
  );

  it.each([
    ...[
      '/',
      '//host',
      '//user@host:80/a',
      '?q',
      '#f',
      '.',
      'a/b:c',
      '1-555-123-4567',
      '/a%20b',
      'urn:uuid:6e8bc430',
    ],
    ...['mailto:a@b.c', 'https://[::1]:8080/x?y=/?#z', 'did:key:z6Mk', "/a!$&'()*+,;=:@b", 'http:', '/a//b'],
  ])('from the source %s / is sound', (source) => expect(faults({ source })).toEqual([]));

  it.each([
    ...[
      'a b',
      '/é',
      '/%',
      '/%zz',
      '/<x>',
      '"x"',
      '/a\\b',
      '/{x}',
      '1:x',
      ':x',
      '//h o',
      '#a#b',
      '/a^b',
      '/|',
      '/`',
    ],
  ])('from the source %s / is not', (source) => expect(faults({ source })).toHaveLength(1));

  it.each(['/relative', 'schema.json', '', '//host/x', '1a:b'])(
    'with the schema "%s" / is not',
    (dataschema) => {
      expect(faults({ dataschema })).toHaveLength(1);
    },
  );

  it.each([
    ...[
      '2026-02-28T00:00:00Z',
      '2024-02-29t23:59:60z',
      '2000-02-29T00:00:00+23:59',
      '2026-01-01T00:00:00.123456789Z',
    ],
    '0000-01-01T00:00:00Z',
  ])('of the time %s / is sound', (time) => expect(faults({ time })).toEqual([]));

  it.each([
    ...[
      '2026-02-29T00:00:00Z',
      '1900-02-29T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-00-01T00:00:00Z',
      '2026-04-31T00:00:00Z',
    ],
    ...[
      '2026-01-01T24:00:00Z',
      '2026-01-01T00:60:00Z',
      '2026-01-01T00:00:61Z',
      '2026-01-01T00:00:00',
      '2026-01-01',
    ],
    ...[
      '2026-01-01 00:00:00Z',
      '2026-01-01T00:00:00.Z',
      '2026-01-01T00:00:00+24:00',
      '20260101T000000Z',
      '',
      'now',
    ],
  ])('of the time "%s" / is not', (time) => {
    expect(faults({ time })).toHaveLength(1);
    expect(faults({ expirytime: time })).toHaveLength(1);
  });

  it.each([
    'json',
    'a/',
    '/b',
    'a/b;',
    'a/b; c',
    'text/plain; charset="x',
    'a b/c',
    'a/b\r\nx: y',
    'text/é',
    '',
  ])('with the media type %j / is not', (datacontenttype) =>
    expect(faults({ datacontenttype })).toHaveLength(1),
  );

  it('as large as is allowed / is sound, and a byte larger is not', () => {
    const used = Object.entries(sound).reduce(
      (sum, [name, value]) => sum + name.length + value.length,
      'ext'.length,
    );
    const fill = (bytes: number): string => 'é'.repeat(Math.floor(bytes / 2)) + 'x'.repeat(bytes % 2);
    expect(faults({ ext: fill(limits.eventAttributeBytes - used) })).toEqual([]);
    expect(faults({ ext: fill(limits.eventAttributeBytes - used + 1) })).toHaveLength(1);
  });

  it('with a thousand faults / is told some of them', () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`X${index}`, 1]));
    expect(contextProblems(many)).toHaveLength(20);
  });

  it('made to take long / does not', () => {
    const parts = ['/', '%20', ';a=b', ':', '@', '[', 'a'];
    for (const part of parts) {
      const text = part.repeat(60_000 / part.length);
      expect(
        faults({ source: `${text}\\`, dataschema: `a:${text}\\`, datacontenttype: `a/b${text}\\` }).length,
      ).toBe(1);
    }
  });
});

describe('a message that is an event', () => {
  const { input } = operations['message.send'];
  const to = `did:key:z6Mk${'x'.repeat(44)}`;
  const send = (payload: unknown, cloudEvent: object) =>
    input.safeParse({ to, type: 'EVENT', payload, cloudEvent });
  const places = (payload: unknown, over: object): string[] =>
    (send(payload, { ...sound, ...over }).error?.issues ?? []).map(({ path }) => path.join('/'));

  it('has its data as payload, and its attributes beside them as they were', () => {
    expect(send({ a: 1 }, { ...sound, count: 1 }).data).toMatchObject({
      payload: { a: 1 },
      cloudEvent: { count: 1 },
    });
  });

  it('is refused at the very attribute', () => {
    expect(places(1, { time: 'x', from: 'y' })).toEqual(['cloudEvent/time', 'cloudEvent/from']);
  });

  it('has a payload as its encoding says', () => {
    expect(places('AAE=', { data_encoding: 'base64' })).toEqual([]);
    expect(places(null, { data_encoding: 'none' })).toEqual([]);
    for (const payload of ['AAF=', 'AAE', 'A-E=', 7, null])
      expect(places(payload, { data_encoding: 'base64' })).toEqual(['payload']);
    expect(places(0, { data_encoding: 'none' })).toEqual(['payload']);
    expect(places(0, { data_encoding: 'gzip' })).toContain('cloudEvent/data_encoding');
  });
});

describe('base64', () => {
  it('has one text for the same bytes', () => {
    for (const text of ['', 'AA==', 'AAE=', '////']) expect(isBase64(text)).toBe(true);
    for (const text of ['A', 'AA=', 'AB==', 'AA==\n', '____', ' AA==', 'AA==AA==', 1, null, undefined])
      expect(isBase64(text)).toBe(false);
  });
});
