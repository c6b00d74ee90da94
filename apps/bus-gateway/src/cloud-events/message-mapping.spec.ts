import { type Delivery, isConcordatError, limits, operations } from '@concordat/contracts';
import { parseInput } from '@concordat/runtime';
import fc from 'fast-check';
import { arbitraryEvent } from './arbitrary-events.fixture';
import { inHeader, inJson } from './cloud-event';
import { fromJson, toJson } from './json-format';
import { fromDelivery, idempotencyKeyOf, ofEvent, toMessage } from './message-mapping';
import { identityOf } from '../bus/compose-message';

const to = `did:key:z6Mk${'x'.repeat(44)}`;
const sender = `did:key:z6Mk${'y'.repeat(44)}`;
const now = new Date('2026-01-01T00:00:00Z');
const sound = { specversion: '1.0', id: 'A-1', source: '/sensors/7', type: 'com.example.read', to };
const send = operations['message.send'];
type Sent = ReturnType<typeof send.input.parse>;

const sent = (event: object): Sent => parseInput(send, toMessage(fromJson(event), now, inJson)) as Sent;
/** What is refused of an event, by the mapping or by `message.send`, in the words of the event. */
function refusalOf(over: object): string[] {
  const event = fromJson({ ...sound, ...over });
  try {
    parseInput(send, toMessage(event, now, inJson));
  } catch (error) {
    if (!isConcordatError(error)) throw error;
    const { code, errors } = ofEvent(error, event, inJson);
    return [code, ...errors.map(({ pointer, message }) => `${pointer} ${message}`)];
  }
  return [];
}

/** The delivery of a message, by way of the store. */
const delivered = (message: Sent, over: Partial<Delivery> = {}): Delivery => ({
  ...{ id: 'msg-1-0-01890000-0000-7000-8000-000000000000', deliveryToken: 't.s', attempt: 1, from: sender },
  ...{ to: message.to, type: message.type, priority: message.priority },
  ...{ correlationId: message.correlationId ?? null, replyTo: message.replyTo ?? null },
  ...{ timestamp: '2026-01-01T00:00:00.000Z', expiresAt: null, leaseSeconds: 30, traceparent: '00-a-b-01' },
  ...{ payload: message.payload, cloudEvent: message.cloudEvent ?? null },
  ...{ key: message.key ?? null, delaySeconds: message.delaySeconds ?? null, signature: null, schema: null },
  ...over,
});

describe('an event as a message', () => {
  it('is an EVENT of normal priority with its data as payload, unless it says otherwise', () => {
    const data = { a: 1 };
    expect(sent({ ...sound, data })).toEqual({
      ...{ to, type: 'EVENT', priority: 'NORMAL', payload: data, cloudEvent: sound },
    });
    const delivery = {
      messagetype: 'QUERY',
      priority: 'URGENT',
      correlationid: 'c-1',
      replyto: sender,
      ttlseconds: 60,
    };
    expect(sent({ ...sound, ...delivery })).toEqual({
      ...{ to, type: 'QUERY', priority: 'URGENT', correlationId: 'c-1', replyTo: sender, ttlSeconds: 60 },
      ...{ payload: null, cloudEvent: { ...sound, ...delivery, data_encoding: 'none' } },
    });
    expect(sent({ ...sound, data_base64: 'AA==' })).toMatchObject({
      ...{ payload: 'AA==', cloudEvent: { data_encoding: 'base64' } },
    });
  });

  it('lives until its expirytime, which says the same again later', () => {
    expect(sent({ ...sound, expirytime: '2026-01-01T01:00:00.2+00:59' }).ttlSeconds).toBe(61);
    expect(sent({ ...sound, expirytime: '2026-01-01t00:00:00.001z' }).ttlSeconds).toBe(1);
    expect(sent({ ...sound, expirytime: '2026-01-01T00:00:60Z' }).ttlSeconds).toBe(59);
    const later = new Date('2026-01-01T00:00:30Z');
    const event = fromJson({ ...sound, expirytime: '2026-01-01T00:01:00Z' });
    const [first, second] = [now, later].map((at) => parseInput(send, toMessage(event, at, inJson)) as Sent);
    expect([first!.ttlSeconds, second!.ttlSeconds]).toEqual([60, 30]);
    expect(identityOf(second!)).toEqual(identityOf(first!));
    // In binary mode everything is a text.
    expect(sent({ ...sound, ttlseconds: '60' }).ttlSeconds).toBe(60);
    const other = sent({ ...sound, ttlseconds: 61 });
    expect(identityOf(other)).toEqual(other);
  });

  it('waits for its time, and keeps the order of its partition key', () => {
    const event = { ...sound, delayseconds: 5, partitionkey: 'order-7' };
    expect(sent(event)).toMatchObject({ delaySeconds: 5, key: 'order-7' });
    // Whatever a partition key is, it orders.
    expect(sent({ ...sound, partitionkey: 'Größe 7' }).key).toMatch(/^[\x21-\x7e]{43}$/);
  });

  it.each([
    [{ to: null }, '/to is required: the recipient'],
    [{ to: 'ben' }, expect.stringMatching(/^\/to must be a did:key/) as string],
    [{ to: 7 }, expect.stringMatching(/^\/to /) as string],
    [{ messagetype: 'event' }, expect.stringMatching(/^\/messagetype /) as string],
    [{ priority: 'HIGHEST' }, expect.stringMatching(/^\/priority /) as string],
    [{ correlationid: 'a b' }, '/correlationid must be 1–128 visible ASCII characters'],
    [{ replyto: '*' }, expect.stringMatching(/^\/replyto /) as string],
    [{ ttlseconds: 0 }, expect.stringMatching(/^\/ttlseconds /) as string],
    [{ ttlseconds: '1e3' }, expect.stringMatching(/^\/ttlseconds /) as string],
    [
      { ttlseconds: 60, expirytime: '2027-01-01T00:00:00Z' },
      '/ttlseconds excludes expirytime; send one of them',
    ],
    [{ expirytime: '2026-01-01T00:00:00Z' }, '/expirytime has passed'],
    [{ expirytime: '2027-01-01T00:00:00Z' }, expect.stringMatching(/^\/expirytime /) as string],
    [{ delayseconds: -1 }, expect.stringMatching(/^\/delayseconds /) as string],
  ])('with %j / is refused in its own words', (over, message) => {
    expect(refusalOf(over)).toEqual(['CLOUD_EVENT_INVALID', message]);
  });

  it('larger or deeper than by any other door / is refused', () => {
    const bytes = {
      encoding: 'base64',
      value: Buffer.alloc(limits.jsonBytes * 0.75).toString('base64'),
    } as const;
    const deep = JSON.parse('['.repeat(limits.jsonDepth) + ']'.repeat(limits.jsonDepth)) as never;
    for (const [data, code] of [
      [bytes, 'PAYLOAD_TOO_LARGE'],
      [{ encoding: 'json', value: deep } as const, 'JSON_TOO_DEEP'],
    ] as const)
      expect(() => toMessage({ context: sound, data }, now, inHeader)).toThrow(
        expect.objectContaining({ code }),
      );
  });

  it('is named by its source, its id and the recipient, and by nothing else', () => {
    const keyOf = (over: object): string => idempotencyKeyOf(fromJson({ ...sound, ...over }));
    expect(keyOf({ type: 'x', subject: 'y', data: 1 })).toBe(keyOf({}));
    const others = [
      { id: 'A-2' },
      { source: '/sensors/8' },
      { to: sender },
      { source: '/sensors/7A', id: '-1' },
    ];
    expect(new Set([{}, ...others].map(keyOf)).size).toBe(5);
    expect(keyOf({ id: '€'.repeat(1_000) })).toMatch(/^[\x21-\x7e]{1,255}$/);
  });
});

describe('a delivery as an event', () => {
  /** What the gateway adds to any event, in `docs/cloud-events.md`. */
  const added = [
    ...[
      'from',
      'messageid',
      'deliverytoken',
      'attempt',
      'leaseseconds',
      'messagetype',
      'priority',
      'traceparent',
    ],
  ];

  it('is the event that was sent, whatever it was, and what the gateway adds', () => {
    fc.assert(
      fc.property(arbitraryEvent(to, sender), (event) => {
        const message = parseInput(send, toMessage(event, now, inJson)) as Sent;
        const { context, data } = fromDelivery(delivered(message));
        expect(data).toEqual(event.data);
        expect(context).toMatchObject(event.context);
        const more = Object.keys(context).filter((name) => !Object.hasOwn(event.context, name));
        expect(added).toEqual(expect.arrayContaining(more));
        expect(context).toMatchObject({ from: sender, messageid: expect.any(String) as string, attempt: 1 });
      }),
      { numRuns: 1_000 },
    );
  });

  it('from a sender that wrote attributes of the gateway into his message / has those of the gateway', () => {
    const forged = {
      ...sound,
      from: 'did:key:zForged',
      attempt: 9,
      deliverytoken: 'x',
      to: sender,
      priority: 'URGENT',
    };
    const message = { ...sent(sound), cloudEvent: forged } as Sent;
    expect(fromDelivery(delivered(message)).context).toMatchObject({
      ...{ from: sender, attempt: 1, deliverytoken: 't.s', to, priority: 'NORMAL' },
    });
  });

  it('of a message that was no event / is made from what is known of it', () => {
    const message = parseInput(send, { to, type: 'COMMAND', payload: { a: 1 }, correlationId: 'c' }) as Sent;
    const event = toJson(fromDelivery(delivered(message, { expiresAt: '2026-01-02T00:00:00.000Z' })));
    expect(event).toEqual({
      ...{ specversion: '1.0', id: event['messageid'], type: 'concordat.message.command' },
      ...{ source: `/concordat/agents/${sender}`, time: '2026-01-01T00:00:00.000Z', data: { a: 1 } },
      ...{
        datacontenttype: 'application/json',
        expirytime: '2026-01-02T00:00:00.000Z',
        traceparent: '00-a-b-01',
      },
      ...{
        from: sender,
        to,
        messageid: 'msg-1-0-01890000-0000-7000-8000-000000000000',
        deliverytoken: 't.s',
      },
      ...{ attempt: 1, leaseseconds: 30, messagetype: 'COMMAND', priority: 'NORMAL', correlationid: 'c' },
    });
    for (const [from, source] of [
      ['apiKey:0123', '/concordat/api-keys/0123'],
      ['user:0189', '/concordat/users/0189'],
    ] as const)
      expect(fromDelivery(delivered(message, { from })).context['source']).toBe(source);
  });
});
