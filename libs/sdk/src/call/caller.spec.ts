import { FakeClock } from '../clock.fixture';
import { Concordat } from '../concordat';
import {
  type FakeGateway,
  hangUp,
  me,
  ok,
  refusal,
  type Responder,
  silence,
  startGateway,
  traceId,
} from '../gateway.fixture';
import type { ConcordatOptions } from '../options';
import type { ConcordatProblem } from '../problem';
import type { CallOptions } from './caller';

const apiKey = 'cck_test';
const whoami = ok(me('x'));
const sent = { id: 'msg-1-0-01890a5d-ac96-774b-bcce-b302099a8057', status: 'PENDING', durability: 'none' };
const message = { to: `did:key:z6Mk${'x'.repeat(44)}`, type: 'QUERY', payload: 1 } as const;
const endTooEarly: Responder = (_request, response) => {
  response.writeHead(200, { 'content-length': 99 }).write('{', () => response.socket?.destroy());
};

let gateway: FakeGateway;
let clock: FakeClock;
beforeEach(async () => {
  gateway = await startGateway(silence);
  clock = new FakeClock();
});
afterEach(() => gateway.close());

const client = (over: Partial<ConcordatOptions> = {}): Concordat =>
  new Concordat({ url: gateway.url, credential: { apiKey }, clock, random: () => 0.5, ...over });
const keys = (): unknown[] => gateway.seen.map(({ headers }) => headers['idempotency-key']);
const seen = async (count: number): Promise<void> => {
  while (gateway.seen.length < count) await new Promise(setImmediate);
};

describe('a call', () => {
  it('answers with the output, and on request with what came with it', async () => {
    gateway.respond(ok(me('x'), { 'concordat-position': 'iam:5-7' }));
    expect(await client().whoami()).toEqual(me('x'));
    expect(await client().callWithMeta('auth.whoami', {})).toEqual({
      output: me('x'),
      status: 200,
      positions: { iam: { epoch: 5, position: 7 } },
      traceId,
    });
    expect(gateway.seen[0]).toMatchObject({ method: 'GET', target: '/v1/auth/whoami' });
    expect(gateway.seen[0]!.headers.authorization).toBe(`ApiKey ${apiKey}`);
  });

  it('of bytes answers with their base64url', async () => {
    gateway.respond((_request, response) => response.end(Buffer.from([0xfb, 0xff])));
    expect(await client().call('audit.tile', { level: '0', index: '000' })).toEqual({ body: '-_8' });
  });

  it('that anybody may make carries no credential, and needs none', async () => {
    gateway.respond((_request, response) => response.end('checkpoint'));
    await client().audit.checkpoint();
    await client({ credential: undefined as never }).audit.checkpoint();
    expect(gateway.seen.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
    await expect(client({ credential: undefined as never }).whoami()).rejects.toMatchObject({
      code: 'CREDENTIAL_MISSING',
    });
  });

  it('that is refused says code, status, fix and places, and is not tried again', async () => {
    gateway.respond((_request, response) => {
      response.writeHead(422, { 'content-type': 'application/problem+json' });
      const fields = {
        type: 'urn:x',
        title: 't',
        status: 422,
        traceId,
        errors: [{ pointer: '/a', message: 'no' }],
      };
      response.end(JSON.stringify({ ...fields, code: 'BRAND_NEW', detail: 'why', fix: 'how' }));
    });
    await expect(client().whoami()).rejects.toMatchObject({
      name: 'ConcordatProblem',
      ...{ code: 'BRAND_NEW', status: 422, detail: 'why', fix: 'how', traceId },
      errors: [{ pointer: '/a', message: 'no' }],
    });
    expect(gateway.seen).toHaveLength(1);
  });

  it('of an operation that has no route is none', async () => {
    const call = client().call as (name: string, input: object) => Promise<unknown>;
    for (const name of ['handshake.redeem', 'constructor', 'nope']) {
      await expect(call.call(client(), name, {})).rejects.toMatchObject({ code: 'ROUTE_UNKNOWN' });
    }
  });
});

describe('a call that fails for a moment', () => {
  it.each<[string, Responder[]]>([
    ['a broken connection', [hangUp, hangUp]],
    [
      '429, 502, 503 and 504',
      [429, 502, 503, 504].map((status) => (_request, response) => response.writeHead(status).end()),
    ],
    ['a service that does not answer', [refusal('SERVICE_UNAVAILABLE'), refusal('OVERLOADED')]],
    ['an answer that ends too early', [endTooEarly]],
  ])('is tried again after %s, as the same command', async (_what, failures) => {
    gateway.respond(...failures, ok(sent));
    expect(await client().messages.send(message)).toEqual(sent);
    expect(gateway.seen).toHaveLength(failures.length + 1);
    expect(keys()[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(new Set(keys()).size).toBe(1);
  });

  it('waits longer every time, and at least as long as the server asks', async () => {
    gateway.respond(hangUp, hangUp, hangUp, refusal('INBOX_FULL'), ok(sent));
    const retried: unknown[] = [];
    const onRetry = ({ code }: ConcordatProblem, operation: string): void =>
      void retried.push([code, operation]);
    await client({ onRetry }).messages.send(message);
    expect(clock.slept).toEqual([25, 50, 100, 5_200]);
    expect(retried).toHaveLength(4);
    expect(retried[3]).toEqual(['INBOX_FULL', 'message.send']);
  });

  it('understands a date in Retry-After', async () => {
    const date = new Date(Date.now() - 3_600_000);
    const headers = {
      date: date.toUTCString(),
      'retry-after': new Date(date.getTime() + 4_000).toUTCString(),
    };
    gateway.respond((_request, response) => response.writeHead(503, headers).end(), ok(sent));
    await client().messages.send(message);
    expect(clock.slept).toEqual([4_025]);
  });

  it('ends with the reason when there is no time left for another try', async () => {
    gateway.respond(hangUp);
    const failed = client({ timeouts: { totalMs: 1_000 } }).whoami();
    const detail = `No answer from ${gateway.url}: other side closed.`;
    await expect(failed).rejects.toMatchObject({ code: 'CONNECTION_FAILED', status: 0, detail });
    expect(clock.nowMs()).toBeLessThanOrEqual(1_000);
    expect(gateway.seen.length).toBeGreaterThan(4);
    gateway.respond(refusal('STORE_REGRESSED'));
    await expect(client().whoami()).rejects.toMatchObject({ code: 'STORE_REGRESSED', retryAfterSeconds: 30 });
  });

  it('goes on at the next gateway', async () => {
    const other = await startGateway(whoami);
    gateway.respond(hangUp);
    const both = client({ url: [gateway.url, other.url] });
    await both.whoami();
    await both.whoami();
    expect([gateway.seen.length, other.seen.length]).toEqual([1, 2]);
    await other.close();
    gateway.respond(whoami);
    await both.whoami();
    expect(gateway.seen).toHaveLength(2);
  });

  it('is an attempt too when nothing comes in time', async () => {
    gateway.respond(silence, whoami);
    const call = client().whoami();
    await seen(1);
    clock.advance(9_999);
    expect(gateway.seen).toHaveLength(1);
    clock.advance(1);
    await call;
    expect(gateway.seen).toHaveLength(2);
  });

  it('waits longer for an answer that may wait itself', async () => {
    gateway.respond(silence, ok({ items: [] }));
    const fetched = client().inbox.fetch({ waitSeconds: 20 });
    await seen(1);
    clock.advance(29_999);
    gateway.respond(ok({ items: [] }));
    clock.advance(1);
    expect(await fetched).toEqual({ items: [] });
  });

  it('ends at the deadline while it waits for an answer', async () => {
    const call = client({ timeouts: { attemptMs: 60_000, totalMs: 2_000 } }).whoami();
    await seen(1);
    clock.advance(2_000);
    await expect(call).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      detail: expect.stringContaining('2000 ms'),
    });
  });
});

describe('a command', () => {
  it('has another idempotency key than the one before, unless the caller names it', async () => {
    gateway.respond(ok(sent));
    const { messages } = client();
    await messages.send(message);
    await messages.send(message);
    await messages.send(message, { idempotencyKey: 'mine' });
    expect(new Set(keys()).size).toBe(3);
    expect(keys()[2]).toBe('mine');
  });

  it('has one, a query has none', async () => {
    gateway.respond(whoami);
    await client().whoami();
    expect(keys()).toEqual([undefined]);
  });
});

describe('a call that cannot be sent as it is', () => {
  it.each<[string, CallOptions]>([
    ['idempotencyKey', { idempotencyKey: 'ключ' }],
    ['idempotencyKey', { idempotencyKey: 'a\nb' }],
    ['idempotencyKey', { idempotencyKey: '' }],
    ['idempotencyKey', { idempotencyKey: null as unknown as string }],
    ['correlationId', { correlationId: 'a\r\nx: y' }],
    ['traceparent', { traceparent: '00-\u0000' }],
    ['minPosition', { minPosition: { ключ: { epoch: 1, position: 1 } } }],
  ])('for its %s is refused at once', async (option, options) => {
    gateway.respond(ok(sent));
    const retried: unknown[] = [];
    const onRetry = (problem: unknown): void => void retried.push(problem);
    await expect(client({ onRetry }).messages.send(message, options)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      detail: `The option ${option} of message.send must be visible ASCII.`,
    });
    expect([gateway.seen, retried]).toEqual([[], []]);
  });

  it('for its payload is refused at once', async () => {
    for (const payload of [7n, NaN, new Map()] as never[])
      await expect(client().messages.send({ ...message, payload })).rejects.toMatchObject({
        ...{ code: 'INPUT_INVALID', errors: [{ pointer: '/payload' }] },
      });
    expect(gateway.seen).toEqual([]);
  });
});

describe('a call that is given up', () => {
  it('before it begins is not sent', async () => {
    const reason = new Error('changed my mind');
    await expect(client().whoami({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(gateway.seen).toEqual([]);
  });

  it('while it waits for an answer, or for another try, rejects with the reason at once', async () => {
    const given = new AbortController();
    const waiting = client().whoami({ signal: given.signal });
    await seen(1);
    given.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });

    gateway.respond(hangUp);
    const other = new AbortController();
    clock.sleep = (_ms, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        other.abort(new Error('enough'));
      });
    await expect(client().whoami({ signal: other.signal })).rejects.toThrow('enough');
  });

  it('leaves no listener behind', async () => {
    gateway.respond(whoami);
    const { signal } = new AbortController();
    const spy = jest.spyOn(signal, 'removeEventListener');
    const added = jest.spyOn(signal, 'addEventListener');
    await client().whoami({ signal });
    expect(spy).toHaveBeenCalledTimes(added.mock.calls.length);
  });
});
