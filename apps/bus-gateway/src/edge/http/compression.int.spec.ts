import { compress } from '@bokuweb/zstd-wasm';
import { limits } from '@concordat/contracts';
import { request } from 'node:http';
import { brotliCompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { type DoorBench, problemOf, sendRaw, startDoorBench } from '../../door.fixture';
import { eventsOf } from '../../subscriber.fixture';
import { unzstdInWasm } from './zstd';

type Fields = Record<string, unknown>;
interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

const gzip = (body: string | Uint8Array): Buffer => gzipSync(body);
const zstd = (body: string | Uint8Array): Buffer => Buffer.from(compress(Buffer.from(body), 3));
const packers = [
  ['gzip', gzip],
  ['zstd', zstd],
] as const;

describe('the HTTP door and compressed bodies', () => {
  let doors: DoorBench;
  let url: string;
  let authorization: string;
  beforeAll(async () => {
    // The library is loaded once.
    await unzstdInWasm(Buffer.from('28b52ffd2000010000', 'hex'));
    doors = await startDoorBench();
    ({ url } = doors.gateway);
    authorization = doors.authorization.admin;
  });
  afterAll(() => doors.stop());

  const post = (body: Uint8Array | string, headers: Record<string, string> = {}, path = '/v1/messages') =>
    fetch(url + path, {
      ...{ method: 'POST', body: body as string },
      headers: { authorization, 'content-type': 'application/json', ...headers },
    });
  const message = (payload: unknown): string =>
    JSON.stringify({ to: doors.agent.did, type: 'EVENT', payload });
  const asAgent = (headers: Record<string, string> = {}) => ({
    ...{ authorization: doors.authorization.agent, ...headers },
  });
  /** An answer as its bytes came: `fetch` would unpack them. */
  const wire = (path: string, headers: Record<string, string> = {}, method = 'GET', body = '') =>
    new Promise<WireAnswer>((resolve, reject) => {
      const asked = request(url + path, { method, headers, agent: false }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () =>
          resolve({ status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(chunks) }),
        );
      });
      asked.on('error', reject);
      asked.end(body);
    });
  const take = async (headers: Record<string, string> = {}): Promise<WireAnswer> => {
    const answer = await wire('/v1/inbox?count=100', asAgent(headers));
    const text = answer.headers['content-encoding'] === 'gzip' ? gunzipSync(answer.body) : answer.body;
    const { items } = JSON.parse(text.toString()) as { items: { deliveryToken: string }[] };
    const tokens = items.map(({ deliveryToken }) => deliveryToken);
    if (tokens.length > 0)
      await post(JSON.stringify({ tokens }), asAgent(), '/v1/inbox/ack').then((acked) => acked.text());
    return { ...answer, body: text };
  };

  describe('a request', () => {
    it.each(packers)(
      'packed by %s / is what it would be unpacked, also when it is repeated',
      async (coding, pack) => {
        const text = message({ is: 'the same', all: 'x'.repeat(10_000) });
        const key = { 'idempotency-key': `k-${coding}` };
        const answers = [
          await post(text, key),
          await post(pack(text), { ...key, 'content-encoding': coding }),
          await post(pack(JSON.stringify(JSON.parse(text), null, 1)), { ...key, 'content-encoding': coding }),
        ];
        expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
        const ids = await Promise.all(answers.map(async (answer) => ((await answer.json()) as Fields)['id']));
        expect(new Set(ids).size).toBe(1);
        const other = await post(pack(message('another')), { ...key, 'content-encoding': coding });
        expect(await problemOf(other)).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
        const { items } = JSON.parse((await take()).body.toString()) as { items: Fields[] };
        expect(items.map(({ payload }) => payload)).toEqual([(JSON.parse(text) as Fields)['payload']]);
      },
    );

    it.each([
      ['in a coding that is not known', 'br', brotliCompressSync, 415, 'CONTENT_CODING_UNSUPPORTED'],
      ['packed twice', 'gzip, gzip', (text: string) => gzip(gzip(text)), 415, 'CONTENT_CODING_UNSUPPORTED'],
      ['that is not packed at all', 'gzip', (text: string) => text, 400, 'CONTENT_CODING_INVALID'],
      ['packed by another one', 'zstd', gzip, 400, 'CONTENT_CODING_INVALID'],
      [
        'that was cut off',
        'gzip',
        (text: string) => gzip(text).subarray(0, -9),
        400,
        'CONTENT_CODING_INVALID',
      ],
      ['cut off', 'zstd', (text: string) => zstd(text).subarray(0, -2), 400, 'CONTENT_CODING_INVALID'],
      ['that is no JSON within', 'gzip', () => gzip('{'), 400, 'JSON_MALFORMED'],
      ['with a key twice within', 'zstd', () => zstd('{"a":1,"a":2}'), 400, 'JSON_DUPLICATE_KEY'],
      ['that says it is as it is', 'identity', (text: string) => text, 202, undefined],
    ] as const)('%s / is answered as it should be', async (_what, coding, pack, status, code) => {
      const answer = await post(pack(message('1')), { 'content-encoding': coding });
      expect(answer.status).toBe(status);
      if (code !== undefined) expect(await problemOf(answer)).toMatchObject({ code });
      expect(answer.headers.get('accept-encoding')).toBe(status === 415 ? 'gzip, zstd' : null);
    });

    it.each(packers)(
      'of a mebibyte, packed by %s / is taken, and one byte more is not',
      async (coding, pack) => {
        const fill = (bytes: number): string => message('x'.repeat(bytes - message('').length));
        const send = (bytes: number) => post(pack(fill(bytes)), { 'content-encoding': coding });
        expect((await send(limits.jsonBytes)).status).toBe(202);
        expect(await problemOf(await send(limits.jsonBytes + 1))).toMatchObject({
          code: 'PAYLOAD_TOO_LARGE',
        });
        await take();
      },
    );

    it('that unfolds into a hundred megabytes / ends at the limit, and costs no more than that', async () => {
      const zeros = Buffer.alloc(100_000_000);
      const bombs = packers.map(([coding, pack]) => [coding, pack(zeros)] as const);
      const used = (): number => process.memoryUsage().arrayBuffers;
      await Promise.all(bombs.map(([coding, bomb]) => post(bomb, { 'content-encoding': coding })));
      const before = used();
      let peak = 0;
      const watch = setInterval(() => (peak = Math.max(peak, used() - before)), 1);
      const all = Array.from({ length: 40 }, (_, at) => bombs[at % 2]!);
      const answers = await Promise.all(
        all.map(([coding, bomb]) => post(bomb, { 'content-encoding': coding })),
      );
      clearInterval(watch);
      for (const answer of answers)
        expect(await problemOf(answer)).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
      // Unpacked they were four gigabytes.
      expect(peak).toBeLessThan(60 * limits.jsonBytes);
    });

    it('of a stranger / is not unpacked', async () => {
      const answer = await post('no gzip', { authorization: 'Bearer x', 'content-encoding': 'gzip' });
      expect(await problemOf(answer)).toMatchObject({ code: 'CREDENTIAL_INVALID' });
    });

    it('that comes in chunks / is taken', async () => {
      const body = gzip(message('chunked'));
      const head = `POST /v1/messages HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: ${authorization}\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n`;
      const chunks = [body.subarray(0, 7), body.subarray(7)].flatMap((chunk) => [
        `${chunk.length.toString(16)}\r\n`,
        chunk,
        '\r\n',
      ]);
      expect(await sendRaw(url, head, ...chunks, '0\r\n\r\n')).toMatchObject({ status: 202 });
      await take();
    });
  });

  describe('an answer', () => {
    const fill = async (payload: string): Promise<void> => {
      expect((await post(message(payload))).status).toBe(202);
    };

    it('to who takes gzip / is packed, of the length that it says, and tells that it depends', async () => {
      await fill('x'.repeat(100_000));
      const answer = await take({ 'accept-encoding': 'br, gzip;q=0.5, identity;q=0.1' });
      expect(answer.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
      expect(Number(answer.headers['content-length'])).toBeLessThan(10_000);
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      expect(JSON.parse(answer.body.toString())).toMatchObject({ items: [{ payload: 'x'.repeat(100_000) }] });
    });

    it.each([{}, { 'accept-encoding': 'gzip;q=0' }, { 'accept-encoding': 'identity, gzip;q=0.5' }])(
      'to who sends %p / is as it is',
      async (headers) => {
        await fill('x'.repeat(100_000));
        const answer = await take(headers as Record<string, string>);
        expect(answer.headers['content-encoding']).toBeUndefined();
        expect(answer.headers).toMatchObject({ vary: 'accept-encoding' });
        expect(Number(answer.headers['content-length'])).toBe(answer.body.length);
      },
    );

    it('that is small / is as it is, unless that is not taken', async () => {
      const ask = (accept: string) => wire('/v1/auth/whoami', asAgent({ 'accept-encoding': accept }));
      expect((await ask('gzip')).headers).toMatchObject({ vary: 'accept-encoding' });
      expect((await ask('gzip')).headers['content-encoding']).toBeUndefined();
      const packed = await ask('gzip, identity;q=0');
      expect(packed.headers['content-encoding']).toBe('gzip');
      expect(JSON.parse(gunzipSync(packed.body).toString())).toMatchObject({ id: doors.agent.did });
      expect((await ask('identity;q=0')).headers['content-encoding']).toBeUndefined();
    });

    it('with a credential / is never packed', async () => {
      const json = { 'content-type': 'application/json' };
      const asked = await post(JSON.stringify({ did: doors.agent.did }), {}, '/v1/auth/challenge');
      const { challengeId, challenge } = (await asked.json()) as { challengeId: string; challenge: string };
      const body = JSON.stringify({ challengeId, signature: doors.agent.sign(challenge) });
      const takes = { ...json, 'accept-encoding': 'gzip, identity;q=0' };
      const answer = await wire('/v1/auth/token', takes, 'POST', body);
      expect(answer.status).toBe(200);
      expect(answer.headers['content-encoding']).toBeUndefined();
      expect(JSON.parse(answer.body.toString())).toHaveProperty('accessToken');
    });

    it('that goes on as events / is not packed, and each event comes when it is there', async () => {
      const stop = new AbortController();
      const answer = await fetch(`${url}/v1/inbox/stream`, {
        headers: asAgent({ 'accept-encoding': 'gzip, identity;q=0' }),
        signal: stop.signal,
      });
      expect(answer.headers.get('content-encoding')).toBeNull();
      await fill('y'.repeat(10_000));
      for await (const { event, data } of eventsOf(answer.body!)) {
        expect([event, (JSON.parse(data) as Fields)['payload']]).toEqual(['item', 'y'.repeat(10_000)]);
        break;
      }
      stop.abort();
    });

    it('without a body / is the same as with one, but for the body', async () => {
      const takes = { 'accept-encoding': 'gzip' };
      const got = await wire('/openapi.json', takes);
      const { date: _, ...headers } = got.headers;
      expect(headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
      expect(JSON.parse(gunzipSync(got.body).toString())).toHaveProperty('openapi');
      const head = await wire('/openapi.json', takes, 'HEAD');
      expect([head.status, head.body.length]).toEqual([200, 0]);
      const lengths = [head, got].map((answer) => answer.headers['content-length']);
      expect(lengths[0]).toBe(lengths[1]);
      const known = await wire('/openapi.json', { ...takes, 'if-none-match': String(headers['etag']) });
      expect([known.status, known.body.length]).toEqual([304, 0]);
      expect(known.headers['content-encoding']).toBeUndefined();
      expect(known.headers).toMatchObject({ vary: 'accept-encoding', etag: headers['etag'] });
      const none = await wire('/v1/events', asAgent({ 'accept-encoding': 'gzip, identity;q=0' }));
      expect([none.status, none.headers['content-encoding']]).toEqual([204, undefined]);
    });
  });

  describe('a batch of CloudEvents', () => {
    it.each(packers)('packed by %s / is taken and comes out, packed too', async (coding, pack) => {
      const type = 'application/cloudevents-batch+json';
      const events = Array.from({ length: 20 }, (_, at) => ({
        ...{ specversion: '1.0', id: `${coding}-${at}`, source: '/packed', type: 'com.example.read' },
        ...{ to: doors.agent.did, data: { at, text: 'z'.repeat(500) } },
      }));
      const headers = { 'content-type': type, 'content-encoding': coding, 'accept-encoding': 'identity' };
      const sent = await post(pack(JSON.stringify(events)), headers, '/v1/events');
      expect(sent.status).toBe(202);
      const again = await post(JSON.stringify(events), { 'content-type': type }, '/v1/events');
      expect(await again.json()).toEqual(await sent.json());
      const accept = asAgent({ accept: type, 'accept-encoding': 'gzip' });
      const answer = await wire('/v1/events?count=100', accept);
      expect(answer.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
      const found = JSON.parse(gunzipSync(answer.body).toString()) as (Fields & { deliverytoken: string })[];
      expect(found.map(({ id, data }) => ({ id, data }))).toEqual(
        events.map(({ id, data }) => ({ id, data })),
      );
      const tokens = found.map(({ deliverytoken }) => deliverytoken);
      expect((await post(JSON.stringify({ tokens }), asAgent(), '/v1/inbox/ack')).status).toBe(200);
    });

    it('in binary mode / has the unpacked bytes as its data', async () => {
      const data = Buffer.from('<xml>of any type</xml>'.repeat(100));
      const attributes = { 'ce-specversion': '1.0', 'ce-id': 'b', 'ce-source': '/b', 'ce-type': 't' };
      const headers = { ...attributes, 'ce-to': doors.agent.did, 'content-type': 'text/xml' };
      expect((await post(gzip(data), { ...headers, 'content-encoding': 'gzip' }, '/v1/events')).status).toBe(
        202,
      );
      const answer = await wire('/v1/events?mode=binary', asAgent({ 'accept-encoding': 'gzip' }));
      expect(answer.headers).toMatchObject({ 'ce-id': 'b', 'content-type': 'text/xml' });
      expect(answer.headers['content-encoding']).toBeUndefined();
      expect(answer.body.equals(data)).toBe(true);
    });
  });
});
