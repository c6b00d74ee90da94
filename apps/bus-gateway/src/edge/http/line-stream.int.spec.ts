import { ConcordatError } from '@concordat/contracts';
import type { RequestFrame } from '@concordat/streams';
import { eventually } from '@concordat/testing';
import { type DoorBench, openSocket, problemOf, startDoorBench } from '../../door.fixture';
import { openStreamCall, eventsOf } from '../../subscriber.fixture';
import { OpenStreams } from '../open-streams';

jest.setTimeout(30_000);

interface Asked {
  readonly input: Readonly<Record<string, unknown>>;
  readonly place: string | null;
}
type Answer = { readonly items: readonly unknown[]; readonly next: string | null };

describe('a stream that a service makes chunk by chunk', () => {
  let doors: DoorBench;
  let answer: (asked: Asked) => Answer | Promise<Answer>;
  const asked: Asked[] = [];

  beforeAll(async () => {
    doors = await startDoorBench(async ({ input }: RequestFrame) => {
      asked.push(input as Asked);
      return { output: await answer(input as Asked), position: null };
    });
  });
  beforeEach(() => doors.gateway.whenFresh());
  afterEach(async () => {
    await eventually(() => expect(doors.gateway.app.get(OpenStreams).size).toBe(0));
    asked.length = 0;
  });
  afterAll(() => doors.stop());

  const ask = (path: string, headers: object = {}, signal?: AbortSignal): Promise<Response> =>
    fetch(`${doors.gateway.url}/v1/audit/${path}`, {
      headers: { authorization: doors.authorization.admin, ...headers },
      ...(signal ? { signal } : {}),
    });
  /** So many chunks with a line each. */
  const chunks =
    (count: number, line = 'x') =>
    ({ place }: Asked): Answer => {
      const n = Number(place ?? 0) + 1;
      return { items: [{ lines: `${line}${n}\n` }], next: n < count ? String(n) : null };
    };

  it('is answered as lines of the media type that was asked for, and asks for each chunk once', async () => {
    answer = chunks(3);
    const json = await ask('export?format=ecs&subject=s');
    expect(json.headers.get('content-type')).toBe('application/x-ndjson');
    expect(await json.text()).toBe('x1\nx2\nx3\n');
    const input = { format: 'ecs', subject: 's' };
    expect(asked).toEqual([null, '1', '2'].map((place) => ({ input, place })));
    const text = await ask('export?format=cef', { accept: 'text/plain' });
    expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await text.text()).toBe('x1\nx2\nx3\n');
    expect(await problemOf(await ask('export', { accept: 'text/html' }))).toMatchObject({
      code: 'MEDIA_TYPE_NOT_ACCEPTABLE',
    });
  });

  it('is refused with what refuses its first chunk', async () => {
    answer = () => Promise.reject(new ConcordatError('TREE_SIZE_INVALID'));
    expect(await problemOf(await ask('export?since=9'))).toMatchObject({ code: 'TREE_SIZE_INVALID' });
    expect(await problemOf(await ask('export?format=xml'))).toMatchObject({ code: 'INPUT_INVALID' });
    expect(asked).toHaveLength(1);
  });

  it('is cut off when a later chunk fails, so that it is not taken for whole', async () => {
    answer = ({ place }) => {
      if (place === '1') throw new ConcordatError('NOT_FOUND');
      return chunks(3)({ input: {}, place });
    };
    const cut = await ask('export');
    expect(cut.status).toBe(200);
    await expect(cut.text()).rejects.toThrow();
  });

  it('goes on when the service was away for a moment', async () => {
    let failures = 2;
    answer = (request) => {
      if (request.place === '1' && failures-- > 0) throw new ConcordatError('SERVICE_UNAVAILABLE');
      return chunks(2)(request);
    };
    expect(await (await ask('export')).text()).toBe('x1\nx2\n');
    expect(asked.map(({ place }) => place)).toEqual([null, '1', '1', '1']);
  });

  it('lets nothing out that the catalogue does not name', async () => {
    answer = () => ({ items: [{ lines: 'x', secret: 1 }], next: null });
    expect(await problemOf(await ask('export'))).toMatchObject({ code: 'INTERNAL' });
  });

  it('is made as its reader reads, and ends when the reader goes away', async () => {
    answer = chunks(Infinity, 'x'.repeat(1_000_000));
    const socket = await openSocket(doors.gateway.url);
    socket.on('error', () => undefined);
    socket.pause();
    socket.write(
      `GET /v1/audit/export HTTP/1.1\r\nHost: x\r\nAuthorization: ${doors.authorization.admin}\r\n\r\n`,
    );
    // What fits into the buffers of both sockets, and no more: it stands still.
    let before = -1;
    await eventually(() => {
      const [last, now] = [before, asked.length];
      before = now;
      expect([now > 0, now]).toEqual([true, last]);
    });
    expect(asked.length).toBeLessThan(50);
    socket.destroy();
    await eventually(() => expect(doors.gateway.app.get(OpenStreams).size).toBe(0));
    const made = asked.length;
    answer = chunks(2);
    await (await ask('export')).text();
    // One more may have been under way for the reader that went.
    const forNobody = asked.slice(made).filter(({ place }) => place !== null && place !== '1');
    expect([asked.length - made - forNobody.length, forNobody.length <= 1]).toEqual([2, true]);
  });

  it('over gRPC is a stream of messages for one request', async () => {
    answer = chunks(2);
    const { call, ended } = openStreamCall(doors.gateway, 'AuditService/Export', doors.authorization.admin);
    const lines: string[] = [];
    call.on('data', (item: { lines: string }) => lines.push(item.lines));
    call.write({ format: 'ocsf' });
    call.end();
    expect(await ended).toBeUndefined();
    expect(lines).toEqual(['x1\n', 'x2\n']);
    expect(asked[0]).toEqual({ input: { format: 'ocsf' }, place: null });
  });

  it('as events tells where it is, and hears where its reader was; chunks without anything in them are no hurry', async () => {
    const item = (logIndex: number) => ({
      ...{ id: 'e', type: 't', source: 's', subject: null, actor: null, time: '2026-01-01T00:00:00Z' },
      ...{ correlationId: null, traceId: null, data: null, logIndex },
    });
    answer = ({ place }) =>
      place === '2' ? { items: [item(8)], next: '3' } : { items: [], next: place === null ? '1' : '2' };
    const gone = new AbortController();
    const begun = performance.now();
    const stream = await ask('stream', { 'last-event-id': '7' }, gone.signal);
    for await (const { id, data } of eventsOf(stream.body!)) {
      expect([id, JSON.parse(data)]).toEqual(['8', item(8)]);
      break;
    }
    // The service of this spec does not wait itself; without a pause it would be asked some thousand times.
    expect(performance.now() - begun).toBeGreaterThan(400);
    expect(asked[0]).toEqual({ input: { lastEventId: 7 }, place: null });
    gone.abort();
  });
});
