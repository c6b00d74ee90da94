import { ConcordatError, operations } from '@concordat/contracts';
import { createLogger } from '@concordat/runtime';
import type { AddressInfo } from 'node:net';
import { openSocket, parseAnswer } from '../../door.fixture';
import { eventsOf } from '../../subscriber.fixture';
import { requireAccepted } from './accepted';
import { sendEvents } from './event-stream';
import { closeHttpServer, openHttpServer } from './http-server';

const logger = createLogger({ service: 'bus-gateway', instance: 'bus-1', level: 'silent' });
const operation = operations['inbox.subscribe'];

describe('server-sent events', () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  const serve = async (items: () => AsyncIterable<unknown>, over: object = {}): Promise<string> => {
    const server = openHttpServer(logger);
    server.get('/', (request, reply) =>
      sendEvents(
        request,
        reply,
        { items: items(), input: {}, grant: () => undefined },
        {
          ...{ operation, logger, traceId: 'ab'.repeat(16), ...over },
        },
      ),
    );
    await server.listen({ host: '127.0.0.1', port: 0 });
    stops.push(() => closeHttpServer(server));
    return `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  };

  it('items / come one by one with their ids, whatever is in them, and an end', async () => {
    const nasty = 'a\nb\r\ndata: c\u2028\n\nevent: x';
    const url = await serve(async function* () {
      yield { id: '1', payload: nasty };
      yield { id: '2', payload: null };
    });
    const answer = await fetch(url);
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-accel-buffering')).toBe('no');
    expect(answer.headers.get('traceparent')).not.toBe('');
    const events = [];
    for await (const event of eventsOf(answer.body!)) events.push(event);
    expect(events).toEqual([
      { event: 'item', id: '1', data: JSON.stringify({ id: '1', payload: nasty }) },
      { event: 'item', id: '2', data: JSON.stringify({ id: '2', payload: null }) },
      { event: 'end', id: undefined, data: '{}' },
    ]);
  });

  it.each<[string, Error, string]>([
    ['a refusal', new ConcordatError('TOKEN_EXPIRED'), 'TOKEN_EXPIRED'],
    ['a fault of ours', new Error('secret'), 'INTERNAL'],
  ])('that end by %s / say so in an event of its own, and no more than that', async (_what, error, code) => {
    const url = await serve(async function* () {
      yield { id: '1' };
      throw error;
    });
    const text = await (await fetch(url)).text();
    const problem = JSON.parse(/event: error\ndata: (.*)\n\n$/.exec(text)![1]!) as object;
    expect(problem).toMatchObject({
      code,
      traceId: 'ab'.repeat(16),
      fix: expect.stringMatching(/./) as string,
    });
    expect(text).not.toContain('secret');
  });

  it('while nothing happens / comments come', async () => {
    const { promise, resolve } = deferred();
    const url = await serve(
      async function* () {
        await promise;
        yield { id: '1' };
      },
      { heartbeatMs: 10 },
    );
    let text = '';
    for await (const part of (await fetch(url)).body!.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (text.includes(':\n\n:\n\n')) resolve();
    }
    expect(text).toMatch(/^retry: 1000\n\n(:\n\n){2,}id: 1\nevent: item\n/);
  });

  it('to a client that does not read / are made as far as there is room, and then it is closed', async () => {
    let made = 0;
    const { promise: ended, resolve: end } = deferred();
    const url = await serve(
      async function* () {
        try {
          for (; ; made++) yield { id: String(made), payload: 'x'.repeat(100_000) };
        } finally {
          end();
        }
      },
      { stalledMs: 300 },
    );
    const socket = await openSocket(url);
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await ended;
    // Not more than the kernel takes for two sockets.
    expect(made).toBeLessThan(500);
    socket.destroy();
  });

  it('to a client that goes / are made no more', async () => {
    const { promise: ended, resolve: end } = deferred();
    const url = await serve(async function* () {
      try {
        for (;;) {
          yield { id: '1' };
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        end();
      }
    });
    const socket = await openSocket(url);
    let text = '';
    socket.on('data', (part: Buffer) => (text += part.toString('latin1')));
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    expect(parseAnswer(text)!.status).toBe(200);
    socket.destroy();
    await ended;
  });

  it.each([
    undefined,
    '*/*',
    'text/event-stream',
    'text/*;q=0.5, application/json',
    'TEXT/Event-Stream; q=1',
  ])('a caller that takes "%s" / takes events', (accept) => {
    expect(() => requireAccepted(operation.http, accept)).not.toThrow();
  });

  it.each(['application/json', 'text/html', 'text/event-stream;q=0', ''])(
    'a caller that takes "%s" / is refused',
    (accept) => {
      expect(() => requireAccepted(operation.http, accept)).toThrow(
        expect.objectContaining({ code: 'MEDIA_TYPE_NOT_ACCEPTABLE' }) as Error,
      );
    },
  );
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
