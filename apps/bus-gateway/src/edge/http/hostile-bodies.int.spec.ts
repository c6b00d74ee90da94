import { limits, problem } from '@concordat/contracts';
import { eventually } from '@concordat/testing';
import { gzipSync } from 'node:zlib';
import { type DoorBench, openSocket, problemOf, sendRaw, startDoorBench } from '../../door.fixture';

describe('the HTTP door and its bodies', () => {
  let doors: DoorBench;
  let url: string;
  let authorization: string;
  beforeAll(async () => {
    doors = await startDoorBench();
    ({ url } = doors.gateway);
    authorization = doors.authorization.admin;
  });
  afterAll(() => doors.stop());

  const post = (body: string | Uint8Array, headers: Record<string, string> = {}, path = '/v1/messages') =>
    fetch(url + path, {
      ...{ method: 'POST', body: body as string },
      headers: { authorization, 'content-type': 'application/json', ...headers },
    });
  const message = (payload: string): string =>
    `{"to":"${doors.agent.did}","type":"EVENT","payload":${payload}}`;
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

  describe('a body', () => {
    it.each([
      ['nested as deep as is allowed', () => message(nested(limits.jsonDepth - 1)), 202, undefined],
      ['nested too deeply', () => message(nested(limits.jsonDepth)), 400, 'JSON_TOO_DEEP'],
      ['nested a hundred thousand levels', () => nested(100_000), 400, 'JSON_TOO_DEEP'],
      ['with a repeated key', () => message('{"a":1,"a":2}'), 400, 'JSON_DUPLICATE_KEY'],
      [
        'with a key repeated in another spelling',
        () => message('{"a":1,"\\u0061":2}'),
        400,
        'JSON_DUPLICATE_KEY',
      ],
      ['with __proto__', () => message('{"__proto__":{"admin":true}}'), 400, 'JSON_FORBIDDEN_KEY'],
      [
        'with __proto__ in another spelling',
        () => message('{"\\u005f_proto__":1}'),
        400,
        'JSON_FORBIDDEN_KEY',
      ],
      ['with constructor.prototype, which is a key like any other', () => message('{"constructor":{"prototype":1}}'), 202, undefined], // prettier-ignore
      ['with 2^53 + 1', () => message('9007199254740993'), 400, 'JSON_NUMBER_UNSAFE'],
      ['with 1e999', () => message('1e999'), 400, 'JSON_NUMBER_UNSAFE'],
      ['with half a surrogate pair', () => message('"\\ud800"'), 400, 'JSON_MALFORMED'],
      ['that is not JSON', () => '{"to":', 400, 'JSON_MALFORMED'],
      ['with a comma too many', () => message('[1,]'), 400, 'JSON_MALFORMED'],
      ['with something behind the JSON', () => `${message('1')} x`, 400, 'JSON_MALFORMED'],
      ['with a byte order mark', () => `\ufeff${message('1')}`, 400, 'JSON_MALFORMED'],
      ['that is empty', () => '', 400, 'INPUT_INVALID'],
      ['that is null', () => 'null', 400, 'INPUT_INVALID'],
      ['that is an array', () => '[]', 400, 'INPUT_INVALID'],
      ['that is a string', () => '"x"', 400, 'INPUT_INVALID'],
      ['with a field that no operation has', () => `{"x":1,${message('1').slice(1)}`, 400, 'INPUT_INVALID'],
      [
        'with a field in the wrong case',
        () => message('1').replace('payload', 'Payload'),
        400,
        'INPUT_INVALID',
      ],
    ])('%s / is answered as it should be', async (_name, body, status, code) => {
      const answer = await post(body());
      expect(answer.status).toBe(status);
      if (code !== undefined) expect(await problemOf(answer)).toMatchObject({ code });
    });

    it('that is not UTF-8 / is refused', async () => {
      for (const bytes of [
        [0xff],
        [0xc0, 0x80],
        [0xed, 0xa0, 0x80],
        [0xf4, 0x90, 0x80, 0x80],
        [0xe2, 0x82],
      ]) {
        const text = Buffer.concat([Buffer.from('{"to":"'), Buffer.from(bytes), Buffer.from('"}')]);
        expect(await problemOf(await post(text))).toMatchObject({ code: 'JSON_MALFORMED' });
      }
      const utf16 = Buffer.from(message('1'), 'utf16le');
      expect(await problemOf(await post(utf16))).toMatchObject({ code: 'JSON_MALFORMED' });
    });

    it('of a mebibyte / is taken, and one byte more is not, announced or not', async () => {
      const fill = (bytes: number): string => message(`"${'x'.repeat(bytes - message('""').length)}"`);
      expect((await post(fill(limits.jsonBytes))).status).toBe(202);
      expect(await problemOf(await post(fill(limits.jsonBytes + 1)))).toMatchObject({
        code: 'PAYLOAD_TOO_LARGE',
      });
      const head = `POST /v1/messages HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\ncontent-type: application/json`;
      const chunk = Buffer.concat([
        Buffer.from('10000\r\n'),
        Buffer.alloc(65_536, 0x20),
        Buffer.from('\r\n'),
      ]);
      const chunks = Array.from({ length: 17 }, () => chunk);
      const answer = await sendRaw(url, `${head}\r\ntransfer-encoding: chunked\r\n\r\n`, ...chunks);
      expect(answer).toMatchObject({ status: 413 });
      expect(problem.parse(JSON.parse(answer!.body))).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    });

    it.each([
      ['/v1/auth/challenge', 'gzip'],
      ['/v1/auth/token', 'x-gzip'],
      ['/v1/auth/login', 'zstd'],
      ['/v1/auth/refresh', 'br'],
    ])('of anybody, to %s / is taken as it is only, and tells so', async (path, coding) => {
      const answer = await post(gzipSync('{}'), { 'content-encoding': coding }, path);
      expect(await problemOf(answer)).toMatchObject({
        ...{ code: 'CONTENT_CODING_UNSUPPORTED', detail: expect.stringContaining('as it is') as string },
      });
      expect(answer.headers.get('accept-encoding')).toBe('identity');
      const plain = await post('{}', { 'content-encoding': 'identity' }, path);
      expect(await problemOf(plain)).toMatchObject({ code: 'INPUT_INVALID' });
      const large = (bytes: number) => post(`{"x":"${'x'.repeat(bytes - 8)}"}`, {}, path).then(problemOf);
      expect(await large(limits.strangerBytes)).toMatchObject({ code: 'INPUT_INVALID' });
      expect(await large(limits.strangerBytes + 1)).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    });

    it('of anybody, as large as a sound one can be / has room', async () => {
      const password = '\\u0001'.repeat(4 * limits.passwordBytes);
      const body = `{"email":"${'x'.repeat(64)}@example.org","password":"${password}"}`;
      expect(await problemOf(await post(body, {}, '/v1/auth/login'))).not.toMatchObject({ status: 413 });
    });

    it('of another media type, or of none / is refused', async () => {
      const types = [
        'text/plain',
        'application/xml',
        'application/json-seq',
        'application/jsonx',
        'multipart/form-data',
      ];
      for (const type of [
        ...types,
        'application/x-www-form-urlencoded',
        'json',
        '*/*',
        'application/json+x',
        '',
      ])
        expect([type, (await problemOf(await post(message('1'), { 'content-type': type }))).code]).toEqual([
          type,
          'MEDIA_TYPE_UNSUPPORTED',
        ]);
      for (const type of [
        'application/json; charset=utf-8',
        'Application/JSON',
        'application/json;charset=UTF-8',
      ])
        expect((await post(message('1'), { 'content-type': type })).status).toBe(202);
    });

    it('of an operation that takes none / is refused where it could mean something', async () => {
      const init = { method: 'DELETE', body: '{"ifMatch":"1"}' };
      const headers = { authorization: doors.authorization.agent, 'content-type': 'application/json' };
      const answer = await fetch(`${url}/v1/vault/communal/memories/k`, { ...init, headers });
      expect(await problemOf(answer)).toMatchObject({ code: 'INPUT_INVALID' });
      const head = `GET /v1/auth/whoami HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: ${authorization}`;
      expect(await sendRaw(url, `${head}\r\ncontent-length: 2\r\n\r\n{}`)).toMatchObject({ status: 200 });
    });

    it('that ends too early / is not taken, and is no failure of ours', async () => {
      const head = `POST /v1/messages HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\ncontent-type: application/json`;
      const socket = await openSocket(url);
      socket.write(`${head}\r\ncontent-length: 1000\r\n\r\n{"to":`);
      socket.destroy();
      const sent = () => doors.gateway.log.filter((line) => line.includes('request failed'));
      await eventually(async () => expect((await fetch(`${url}/health/ready`)).status).toBe(200));
      expect(sent()).toEqual([]);
    });
  });
});
