import { Concordat } from './concordat';
import { type FakeGateway, hangUp, ok, refusal, type Responder, startGateway } from './gateway.fixture';

const item = (logIndex: number) => ({
  ...{
    id: `e:${logIndex}`,
    type: 't',
    source: 's',
    subject: null,
    actor: null,
    time: '2026-01-01T00:00:00Z',
  },
  ...{ correlationId: null, traceId: null, data: { text: 'a\nb' }, logIndex },
});
const block = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
/** A stream that brings this, cut anywhere, and then breaks. */
const events =
  (...blocks: string[]): Responder =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const text = `retry: 1000\n\n:\n\n${blocks.join('')}`;
    response.write(text.slice(0, text.length / 2));
    response.write(text.slice(text.length / 2), () => response.socket?.destroy());
  };
const bytes = (text: string): { body: string } => ({ body: Buffer.from(text).toString('base64url') });

describe('a client that follows the trail', () => {
  let gateway: FakeGateway;
  let client: Concordat;
  beforeEach(async () => {
    gateway = await startGateway();
    client = new Concordat({ url: gateway.url, credential: { apiKey: 'cck_x' }, random: () => 0 });
  });
  afterEach(() => gateway.close());

  const follow = async (count: number, filter = {}): Promise<number[]> => {
    const seen: number[] = [];
    for await (const { logIndex } of client.audit.follow(filter)) if (seen.push(logIndex) === count) break;
    return seen;
  };
  const asked = (): unknown[] => gateway.seen.map(({ headers }) => headers['last-event-id']);

  it('goes on behind the last event when the stream breaks, or when the gateway was away', async () => {
    gateway.respond(
      events(block('item', item(5)), block('item', item(7))),
      hangUp,
      refusal('SERVICE_UNAVAILABLE'),
      events(block('item', item(9)), block('error', { code: 'x' }).slice(0, 9)),
      events(block('item', item(10))),
    );
    expect(await follow(4, { lastEventId: 4, subject: 's' })).toEqual([5, 7, 9, 10]);
    expect(asked()).toEqual(['4', '7', '7', '7', '9']);
    expect(gateway.seen[0]!.target).toBe('/v1/audit/stream?subject=s');
  });

  it('begins where the log ends now, so that nothing is missed before the first event', async () => {
    const checkpoint: Responder = (_request, response) => response.end(Buffer.from('log\n42\nroot\n'));
    gateway.respond(checkpoint, events(), events(block('item', item(42))));
    expect(await follow(1)).toEqual([42]);
    expect(asked()).toEqual([undefined, '41', '41']);
  });

  it('stops at what will not pass, told at the beginning or later', async () => {
    gateway.respond(refusal('POLICY_DENIED'));
    await expect(follow(1, { lastEventId: 1 })).rejects.toMatchObject({ code: 'POLICY_DENIED' });
    const problem = {
      ...{ type: 'about:blank', title: 't', status: 403, detail: 'd', code: 'SCOPE_MISSING', fix: 'f' },
      ...{ traceId: 'f'.repeat(32), errors: [] },
    };
    gateway.respond(events(block('item', item(2)), block('error', problem)));
    await expect(follow(2, { lastEventId: 1 })).rejects.toMatchObject({ code: 'SCOPE_MISSING', status: 403 });
  });

  it('takes nothing for an event that is none', async () => {
    for (const block of [
      'event: item\ndata: {}\n\n',
      'event: item\ndata: {\n\n',
      'event: error\ndata: {}\n\n',
    ]) {
      gateway.respond(events(block));
      await expect(follow(1, { lastEventId: 1 })).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
    }
  });

  it('closes the connection when it has enough', async () => {
    const closed = new Promise<void>((resolve) =>
      gateway.respond((_request, response) => {
        response.once('close', resolve);
        response.write(block('item', item(3)));
      }),
    );
    expect(await follow(1, { lastEventId: 1 })).toEqual([3]);
    await closed;
  });

  it('ends with its signal', async () => {
    gateway.respond(() => undefined);
    const gone = new AbortController();
    const next = client.audit
      .follow({ lastEventId: 1 }, { signal: gone.signal })
      [Symbol.asyncIterator]()
      .next();
    gone.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
  });
});

describe('a client that exports', () => {
  let gateway: FakeGateway;
  beforeEach(async () => void (gateway = await startGateway()));
  afterEach(() => gateway.close());
  const client = () => new Concordat({ url: gateway.url, credential: { apiKey: 'cck_x' }, random: () => 0 });
  const textOf = async (body: AsyncIterable<Uint8Array>): Promise<string> => {
    let text = '';
    for await (const piece of body) text += Buffer.from(piece).toString();
    return text;
  };

  it('gets the bytes as they came', async () => {
    gateway.respond((_request, response) => response.end('a\nb\n'));
    expect(await textOf(await client().audit.export({ format: 'cef' }))).toBe('a\nb\n');
    expect(gateway.seen[0]!.target).toBe('/v1/audit/export?format=cef');
    await textOf(await client().audit.exportSubject({ subject: 'apiKey:1' }));
    expect(gateway.seen[1]!.target).toBe('/v1/audit/subjects/apiKey%3A1/export');
  });

  it('hears of a refusal at once, and of a connection that broke when it does', async () => {
    gateway.respond(refusal('TREE_SIZE_INVALID'));
    await expect(client().audit.export()).rejects.toMatchObject({ code: 'TREE_SIZE_INVALID' });
    gateway.respond((_request, response) => response.write('a\n', () => response.socket?.destroy()));
    await expect(textOf(await client().audit.export())).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  });

  it('is no call that answers once', () => {
    gateway.respond(ok(bytes('x')));
    return expect(client().call('audit.export' as never, {} as never)).rejects.toMatchObject({
      code: 'ROUTE_UNKNOWN',
    });
  });
});
