import { problem } from '@concordat/contracts';
import fc from 'fast-check';
import type { Socket } from 'node:net';
import {
  type DoorBench,
  openSocket,
  parseAnswer,
  problemOf,
  sendRaw,
  startDoorBench,
} from '../../door.fixture';

describe('the HTTP door and hostile requests', () => {
  let doors: DoorBench;
  let url: string;
  let authorization: string;
  beforeAll(async () => {
    doors = await startDoorBench();
    ({ url } = doors.gateway);
    authorization = doors.authorization.admin;
  });
  afterEach(async () => expect((await fetch(`${url}/health/live`)).status).toBe(200));
  afterAll(() => doors.stop());

  const post = (body: string | Uint8Array, headers: Record<string, string> = {}, path = '/v1/messages') =>
    fetch(url + path, {
      ...{ method: 'POST', body: body as string },
      headers: { authorization, 'content-type': 'application/json', ...headers },
    });
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(url + path, { headers: { authorization, ...headers } });
  const message = (payload: string): string =>
    `{"to":"${doors.agent.did}","type":"EVENT","payload":${payload}}`;

  describe('a path or a query', () => {
    it.each([
      ['/v1/agents/%zz', 400, 'INPUT_INVALID'],
      ['/v1/agents/%', 400, 'INPUT_INVALID'],
      ['/v1/agents/%c0%80', 400, 'INPUT_INVALID'],
      ['/v1/agents/%00', 400, 'INPUT_INVALID'],
      [`/v1/agents/${'x'.repeat(600)}`, 400, 'INPUT_INVALID'],
      ['/v1/agents/..%2f..%2fetc', 400, 'INPUT_INVALID'],
      ['/v1/agents//', 404, 'ROUTE_UNKNOWN'],
      ['/v1/agents?limit=1&limit=2', 400, 'INPUT_INVALID'],
      ['/v1/agents?limit=x', 400, 'INPUT_INVALID'],
      ['/v1/agents?limit=501', 400, 'INPUT_INVALID'],
      ['/v1/agents?foo=1', 400, 'INPUT_INVALID'],
      ['/v1/agents?__proto__=1', 400, 'INPUT_INVALID'],
      ['/v1/agents?constructor=1', 400, 'INPUT_INVALID'],
      ['/v1/agents?limit[]=1', 400, 'INPUT_INVALID'],
      [`/v1/agents?name=${'x'.repeat(8_000)}`, 400, 'INPUT_INVALID'],
      ['/v1/agents?did=x', 400, 'INPUT_INVALID'],
      ['/v1/Agents', 404, 'ROUTE_UNKNOWN'],
      ['/v1/agents/', 400, 'INPUT_INVALID'],
      ['/', 404, 'ROUTE_UNKNOWN'],
      ['/v2/agents', 404, 'ROUTE_UNKNOWN'],
      ['/v1/agents/x/y/z', 404, 'ROUTE_UNKNOWN'],
      ['/v1/audit/log/tile/0/../../../../etc/passwd', 400, 'INPUT_INVALID'],
      ['/v1/audit/log/tile/0/x001%2f..%2f002', 400, 'INPUT_INVALID'],
    ])('%s / is %i %s', async (path, status, code) => {
      const answer = await sendRaw(
        url,
        `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: ${authorization}\r\n\r\n`,
      );
      const found = problem.parse(JSON.parse(answer!.body));
      expect([answer!.status, found.code]).toEqual([status, code]);
      expect(answer!.headers.get('content-type')).toBe('application/problem+json');
      expect(answer!.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer!.body).not.toContain('etc');
    });

    it('with parameters where the body has the fields / is refused', async () => {
      const answer = await post(message('1'), {}, '/v1/messages?priority=URGENT');
      expect(await problemOf(answer)).toMatchObject({ code: 'INPUT_INVALID' });
    });

    it('longer than the server reads / is refused as a problem', async () => {
      for (const head of [
        `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
        `GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
      ]) {
        const answer = await sendRaw(url, head);
        expect(problem.parse(JSON.parse(answer!.body))).toMatchObject({ code: 'INPUT_INVALID', status: 400 });
      }
    });
  });

  describe('a method', () => {
    it.each(['HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY', 'PUT', 'PATCH', 'DELETE'])(
      '%s where there is only GET and POST / is an unknown route',
      async (method) => {
        const answer = await sendRaw(
          url,
          `${method} /v1/messages HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: ${authorization}\r\n\r\n`,
        );
        expect(answer!.status).toBe(404);
        if (method !== 'HEAD')
          expect(problem.parse(JSON.parse(answer!.body))).toMatchObject({ code: 'ROUTE_UNKNOWN' });
        else expect(answer!.body).toBe('');
      },
    );

    it.each(['FOO', 'get', 'PRI', 'G\0T'])('%s, which is none / is refused as a problem', async (method) => {
      const answer = await sendRaw(url, `${method} /v1/agents HTTP/1.1\r\nhost: x\r\n\r\n`);
      expect(problem.parse(JSON.parse(answer!.body))).toMatchObject({ code: 'INPUT_INVALID', status: 400 });
      expect(answer!.headers.get('content-type')).toBe('application/problem+json');
    });

    it('HEAD / does not run the operation', async () => {
      const head = `HEAD /v1/inbox HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: ${doors.authorization.agent}`;
      expect(await sendRaw(url, `${head}\r\n\r\n`)).toMatchObject({ status: 404, body: '' });
    });
  });

  it('requests smuggled by two lengths, or by a length and chunks / are refused and the connection closed', async () => {
    const start = `POST /v1/messages HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\ncontent-type: application/json\r\n`;
    const smuggled = 'GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n';
    for (const lengths of [
      'content-length: 2\r\ncontent-length: 50',
      'content-length: 2\r\ntransfer-encoding: chunked',
      'transfer-encoding: chunked, x',
      'content-length: -1',
      'content-length: 2, 2',
      'transfer-encoding : chunked',
      'content-length: 1_0',
    ]) {
      const answer = await sendRaw(url, `${start}${lengths}\r\n\r\n{}${smuggled}`);
      expect(answer?.status ?? 400).toBe(400);
      expect(answer?.body ?? '').not.toContain('"status":"ok"');
    }
  });

  it('anything at all / is answered or closed, and never with a failure', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .tuple(
          fc.constantFrom('GET', 'POST', 'DELETE'),
          fc.string({ maxLength: 60 }),
          fc.string({ maxLength: 60 }),
        )
        .map(([method, path, header]) =>
          Buffer.from(
            `${method} /v1/${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${header}\r\n\r\n`,
            'latin1',
          ),
        ),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (sent) => {
        // What follows is no request: nothing is left to wait for.
        const answer = await sendRaw(url, sent, '\r\n\r\n\0\0');
        expect(answer?.status ?? 400).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
  });

  it('any JSON to any route / is answered, and never with a failure', async () => {
    const path = fc.constantFrom(
      '/v1/messages',
      '/v1/inbox/ack',
      '/v1/auth/token',
      '/v1/auth/challenge',
      '/v1/agents',
      '/v1/api-keys',
    );
    const body = fc.oneof(fc.json({ maxDepth: 4 }), fc.string().map((text) => JSON.stringify({ to: doors.agent.did, type: text, tokens: [text], did: text, challengeId: text, signature: text, publicKey: text }))); // prettier-ignore
    const callers = fc.constantFrom('agent' as const, 'admin' as const, 'garbage' as const);
    await fc.assert(
      fc.asyncProperty(path, body, callers, async (to, text, who) => {
        const answer = await post(text, { authorization: doors.authorization[who] }, to);
        expect(answer.status).toBeLessThan(500);
        await answer.arrayBuffer();
      }),
      { numRuns: 500 },
    );
  });

  it('clients that send their headers byte by byte / keep nobody else waiting', async () => {
    const slow: Socket[] = await Promise.all(Array.from({ length: 200 }, () => openSocket(url)));
    for (const socket of slow) socket.on('error', () => undefined);
    const head = 'GET /v1/auth/whoami HTTP/1.1\r\nhost: x\r\nx: ';
    for (const [index, socket] of slow.entries()) socket.write(head.slice(0, 1 + (index % head.length)));
    const elapsed: number[] = [];
    for (let round = 0; round < 100; round++) {
      slow[round]!.write('y');
      const begun = performance.now();
      expect((await get('/v1/auth/whoami')).status).toBe(200);
      elapsed.push(performance.now() - begun);
    }
    for (const socket of slow) socket.destroy();
    elapsed.sort((a, b) => a - b);
    process.stdout.write(
      `beside 200 slow sockets: p50 ${elapsed[50]!.toFixed(1)} ms, p99 ${elapsed[98]!.toFixed(1)} ms\n`,
    );
  });

  it('a client that never finishes its headers / is turned away in time', async () => {
    const socket = await openSocket(url);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.write('GET / HTTP/1.1\r\nhost: x\r\nx: ');
    await closed;
    const answer = parseAnswer(text);
    expect(problem.parse(JSON.parse(answer!.body))).toMatchObject({ code: 'INPUT_INVALID' });
  }, 20_000);
});
