import { limits } from '@concordat/contracts';
import { eventually } from '@concordat/testing';
import type { WebSocket } from 'ws';
import {
  type DoorBench,
  openSocket,
  parseAnswer,
  problemOf,
  sendRaw,
  startDoorBench,
} from '../../door.fixture';
import { newWebSocket, openWebSocket, type ServerFrame } from '../../subscriber.fixture';
import { OpenStreams } from '../open-streams';

describe('the WebSocket door', () => {
  let doors: DoorBench;
  const sockets: WebSocket[] = [];
  beforeAll(async () => (doors = await startDoorBench()));
  beforeEach(() => doors.gateway.whenFresh());
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.terminate();
    await eventually(() => expect(doors.gateway.app.get(OpenStreams).size).toBe(0));
  });
  afterAll(() => doors.stop());

  /** A connection of an agent, with what came over it. */
  const connect = async (headers: Record<string, string> = {}) => {
    const authorization = doors.authorization.agent;
    const socket = await openWebSocket(doors.gateway, { authorization, ...headers });
    sockets.push(socket);
    const frames: ServerFrame[] = [];
    socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString()) as ServerFrame));
    const closed = new Promise<[number, string]>((resolve) =>
      socket.on('close', (code: number, reason: Buffer) => resolve([code, reason.toString()])),
    );
    const say = (frame: unknown): void =>
      socket.send(typeof frame === 'string' || frame instanceof Buffer ? frame : JSON.stringify(frame));
    const answerTo = (id: string) =>
      eventually(() => {
        const found = frames.find((frame) => frame.id === id && frame.open === undefined);
        expect(found).toBeDefined();
        return found!;
      });
    return { socket, frames, closed, say, answerTo };
  };
  const raw = (path: string, over: Record<string, string> = {}) => {
    const headers = {
      ...{ host: 'x', connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
      ...{ 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-protocol': 'concordat.v1' },
      ...{ authorization: doors.authorization.agent, ...over },
    };
    const lines = Object.entries(headers).flatMap(([name, value]) =>
      value === '' ? [] : `${name}: ${value}`,
    );
    return sendRaw(doors.gateway.url, `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  };

  it('operations of the catalogue / are answered under their ids, with positions, beside each other', async () => {
    const { say, answerTo, socket } = await connect();
    expect(socket.protocol).toBe('concordat.v1');
    const input = { to: doors.agent.did, type: 'EVENT', payload: { a: [1] } };
    say({ id: '1', operation: 'message.send', input, idempotencyKey: 'k' });
    say({ id: '2', operation: 'auth.whoami' });
    say({ id: '3', operation: 'message.send', input, idempotencyKey: 'k' });
    say({ id: '4', operation: 'message.send', input: { ...input, payload: 2 }, idempotencyKey: 'k' });
    const { output, position } = await answerTo('1');
    expect(position).toMatch(/^bus\.[01]:\d+-\d+$/);
    expect((await answerTo('3')).output).toEqual(output);
    expect(await answerTo('2')).toMatchObject({ output: { kind: 'agent', id: doors.agent.did } });
    expect(await answerTo('4')).toMatchObject({ problem: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    say({ id: '5', operation: 'inbox.fetch', input: {} });
    const fetched = (await answerTo('5')).output as { items: { deliveryToken: string }[] };
    say({ id: '6', operation: 'inbox.ack', input: { tokens: [fetched.items[0]!.deliveryToken] } });
    expect(await answerTo('6')).toMatchObject({ output: { acked: [(output as { id: string }).id] } });
  });

  it.each([
    ['nothing that exists', 'nothing.here', {}, 'ROUTE_UNKNOWN'],
    ['what is inherited', 'constructor', {}, 'ROUTE_UNKNOWN'],
    ['what the gateway asks for itself', 'directory.snapshot', {}, 'ROUTE_UNKNOWN'],
    ['what an agent may not', 'apiKey.create', {}, 'SCOPE_MISSING'],
    ['what is not sound', 'message.get', { id: 1 }, 'INPUT_INVALID'],
  ])('%s / is refused like everywhere, and the connection goes on', async (_what, operation, input, code) => {
    const { say, answerTo } = await connect();
    say({ id: 'a', operation, input });
    expect((await answerTo('a')).problem).toMatchObject({
      ...{ code, fix: expect.stringMatching(/./) as string },
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    });
    say({ id: 'b', operation: 'auth.whoami' });
    expect((await answerTo('b')).output).toBeDefined();
  });

  it('a call and a stream that are cancelled / end, and their ids are free', async () => {
    const { say, answerTo, frames } = await connect();
    say({ id: 'wait', operation: 'inbox.fetch', input: { waitSeconds: 30 } });
    say({ id: 's', operation: 'inbox.subscribe' });
    await eventually(() => expect(frames).toContainEqual({ id: 's', open: true }));
    say({ id: 's', credits: 1 });
    say({ id: 's', cancel: true });
    say({ id: 'wait', cancel: true });
    expect(await answerTo('s')).toEqual({ id: 's', end: true });
    expect(await answerTo('wait')).toBeDefined();
    expect(doors.gateway.app.get(OpenStreams).size).toBe(1);
    frames.splice(0);
    say({ id: 's', operation: 'auth.whoami' });
    expect((await answerTo('s')).output).toBeDefined();
  });

  it('more calls than may be under way / are refused, and the others answered', async () => {
    const { say, frames } = await connect();
    const ids = Array.from({ length: 70 }, (_, n) => String(n));
    for (const id of ids) say({ id, operation: 'inbox.fetch', input: { waitSeconds: 30 } });
    await eventually(() => expect(frames).toHaveLength(6));
    for (const { problem } of frames) expect(problem).toMatchObject({ code: 'OVERLOADED' });
    for (const id of ids) say({ id, cancel: true });
    await eventually(() => expect(frames).toHaveLength(70));
  });

  it.each<[string, unknown, number, string]>([
    ['that is not JSON', '{', 1008, 'JSON_MALFORMED'],
    ['that repeats a key', '{"id":"a","id":"b","cancel":true}', 1008, 'JSON_DUPLICATE_KEY'],
    ['that reaches the prototype', '{"__proto__":{},"id":"a","cancel":true}', 1008, 'JSON_FORBIDDEN_KEY'],
    [
      'that is nested too deep',
      `{"id":"a","operation":"x","input":${'['.repeat(40)}${']'.repeat(40)}}`,
      1008,
      'JSON_TOO_DEEP',
    ],
    ['that is none of ours', { id: 'a' }, 1008, 'INPUT_INVALID'],
    [
      'with a field too many',
      { id: 'a', operation: 'auth.whoami', authorization: 'x' },
      1008,
      'INPUT_INVALID',
    ],
    ['that cancels and calls', { id: 'a', operation: 'auth.whoami', cancel: true }, 1008, 'INPUT_INVALID'],
    ['with credits that are none', { id: 'a', credits: -1 }, 1008, 'INPUT_INVALID'],
    ['with an id too long', { id: 'a'.repeat(65), cancel: true }, 1008, 'INPUT_INVALID'],
    ['of bytes', Buffer.from('{"id":"a","cancel":true}'), 1003, 'JSON_MALFORMED'],
    ['larger than may be', `"${'x'.repeat(limits.jsonBytes)}"`, 1009, ''],
  ])('a frame %s / closes the connection, and says why', async (_what, frame, closeCode, code) => {
    const { say, closed, frames } = await connect();
    say(frame);
    expect(await closed).toEqual([closeCode, code]);
    if (code !== '') expect(frames).toMatchObject([{ problem: { code } }]);
  });

  it('an id that is under way / closes the connection', async () => {
    const { say, closed } = await connect();
    for (let n = 0; n < 2; n++) say({ id: 'a', operation: 'inbox.fetch', input: { waitSeconds: 30 } });
    expect(await closed).toEqual([1008, 'INPUT_INVALID']);
  });

  it('a connection whose caller is revoked / is closed, also when it asks nothing', async () => {
    const { authorization, id } = await doors.iam.createApiKey(['read']);
    await doors.gateway.whenFresh();
    const { closed, frames } = await connect({ authorization });
    await doors.iam.revokeApiKey(id);
    expect(await closed).toEqual([1008, 'CREDENTIAL_INVALID']);
    expect(frames).toMatchObject([{ problem: { code: 'CREDENTIAL_INVALID' } }]);
  });

  it.each<[string, string, Record<string, string>, number, string]>([
    ['without a credential', '/v1/ws', { authorization: '' }, 401, 'CREDENTIAL_MISSING'],
    ['with garbage for one', '/v1/ws', { authorization: 'Bearer x' }, 401, 'CREDENTIAL_INVALID'],
    ['with one in the URL', '/v1/ws?token=x', {}, 400, 'INPUT_INVALID'],
    ['from a web page', '/v1/ws', { origin: 'https://evil.test' }, 403, 'ORIGIN_FORBIDDEN'],
    ['from no page in particular', '/v1/ws', { origin: 'null' }, 403, 'ORIGIN_FORBIDDEN'],
    ['in another protocol', '/v1/ws', { 'sec-websocket-protocol': 'chat' }, 400, 'INPUT_INVALID'],
    ['elsewhere', '/v1/inbox', {}, 404, 'ROUTE_UNKNOWN'],
  ])('a WebSocket %s / is refused before it opens', async (_how, path, over, status, code) => {
    const answer = (await raw(path, over))!;
    expect(answer.status).toBe(status);
    const response = new Response(answer.body, { status, headers: answer.headers });
    expect(await problemOf(response)).toMatchObject({ code });
    expect(answer.headers.has('www-authenticate')).toBe(status === 401);
  });

  it('a page that is allowed, and a client that offers several protocols / are let in', async () => {
    await connect({ origin: 'https://console.test' });
    const socket = newWebSocket(doors.gateway.url, { authorization: doors.authorization.agent }, '/v1/ws', [
      ...['graphql-ws', 'concordat.v1'],
    ]);
    sockets.push(socket);
    await new Promise((resolve) => socket.once('open', resolve));
    expect(socket.protocol).toBe('concordat.v1');
  });

  it('a request that offers to change the protocol / is answered as if it had not', async () => {
    const body = '{"did":"did:key:z6Mk"}';
    const head = `POST /v1/auth/challenge HTTP/1.1\r\nhost: x\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    const socket = await openSocket(doors.gateway.url);
    let text = '';
    socket.on('data', (part: Buffer) => (text += part.toString('latin1')));
    socket.write(head + body);
    await eventually(() => expect(parseAnswer(text)).toMatchObject({ status: 400 }));
    socket.write('GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    await eventually(() => expect(text).toMatch(/HTTP\/1\.1 200 OK/));
    socket.destroy();
  });
});
