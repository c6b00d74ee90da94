import { limits } from '@concordat/contracts';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { Concordat } from '../concordat';
import { type FakeGateway, me, ok, refusal, silence, startGateway } from '../gateway.fixture';

let gateway: FakeGateway;
beforeEach(async () => {
  gateway = await startGateway(silence);
});
afterEach(() => gateway.close());

const client = (over: object = {}): Concordat =>
  new Concordat({ url: gateway.url, credential: { apiKey: 'cck_test' }, ...over });
const accepted = ok({ id: `msg-1-0-${'0'.repeat(36)}`, status: 'PENDING', durability: 'appendfsync-always' });
const message = (payload: string) =>
  ({ to: `did:key:z6Mk${'x'.repeat(44)}`, type: 'EVENT', payload }) as const;
const packed =
  (body: string | Uint8Array) =>
  (_request: unknown, response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    response.end(gzipSync(body));
  };

describe('a request', () => {
  it('with a large body goes out by gzip, the same in every attempt', async () => {
    gateway.respond(refusal('OVERLOADED', { 'retry-after': '0' }), accepted);
    const sent = message('é'.repeat(limits.compressionBytes));
    await client()
      .messages.send(sent)
      .catch(() => undefined);
    expect(gateway.seen).toHaveLength(2);
    for (const { headers, body } of gateway.seen) {
      expect(headers['content-encoding']).toBe('gzip');
      expect(Number(headers['content-length'])).toBeLessThan(500);
      expect(body).toEqual(sent);
    }
  });

  it('with a small body, or without one, goes out as it is', async () => {
    gateway.respond(accepted, ok(me('x')));
    await client()
      .messages.send(message('x'.repeat(1_000)))
      .catch(() => undefined);
    await client().whoami();
    expect(gateway.seen).toHaveLength(2);
    for (const { headers } of gateway.seen) expect(headers['content-encoding']).toBeUndefined();
  });
});

describe('a request that needs no credential', () => {
  it('goes out as it is, however large', async () => {
    const password = 'x'.repeat(2 * limits.compressionBytes);
    gateway.respond(refusal('LOGIN_REFUSED'));
    await expect(client({ credential: { email: 'a@b.c', password } }).login()).rejects.toMatchObject({
      code: 'LOGIN_REFUSED',
    });
    expect(gateway.seen[0]!.headers['content-encoding']).toBeUndefined();
    expect(gateway.seen[0]!.body).toEqual({ email: 'a@b.c', password });
  });
});

describe('an answer', () => {
  it('is asked for compressed, and unpacked', async () => {
    gateway.respond(packed(JSON.stringify(me('x'.repeat(10_000)))));
    expect(await client().whoami()).toMatchObject(me('x'.repeat(10_000)));
    expect(gateway.seen[0]!.headers['accept-encoding']).toContain('gzip');
  });

  it('that unfolds into more than it may have is not read further', async () => {
    gateway.respond(packed(Buffer.alloc(50_000_000, 0x20)));
    await expect(client({ limits: { answerBytes: 1_000_000 } }).whoami()).rejects.toMatchObject({
      code: 'ANSWER_TOO_LARGE',
    });
  });
});
