import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OperationRequest, verifyMessage } from '@concordat/sdk';
import { ed25519PublicKey, fromBase64url, keyId, toBase64url } from '@concordat/crypto';
import { type LocalAgent } from '../client/agent-files';
import { deliveryOf, messageId as id } from '../message/delivery.fixture';
import { CommandLine } from './command-line.fixture';

type Send = OperationRequest<'message.send'>;

let line: CommandLine;
let ada: LocalAgent;
let ben: LocalAgent;
const accepted = { id, status: 'PENDING', durability: 'appendfsync-always' };
beforeEach(async () => {
  line = await CommandLine.open();
  [ada, ben] = [await line.localAgent('ada'), await line.localAgent('ben')];
  await line.agents.setCurrent('ada');
  line.gateway.answers['POST /v1/messages'] = accepted;
});
afterEach(() => line.close());

const body = (): Send => line.gateway.seen.at(-1)!.body as Send;

function keysOf({ secretKey }: LocalAgent) {
  const publicKey = ed25519PublicKey(fromBase64url(secretKey)!);
  return [{ alg: 'Ed25519' as const, kid: keyId(publicKey), value: toBase64url(publicKey) }];
}

describe('send', () => {
  it('says everything that a message can say', async () => {
    const how = [
      '--priority',
      'urgent',
      '--ttl',
      '2m',
      '--delay',
      '5',
      '--key',
      'order-7',
      '--correlation',
      'c',
    ];
    const more = ['--reply-to', 'ben', '--schema', 'order.created/2', '--idempotency-key', 'once'];
    expect(await line.run('send', 'ben', '{"n":1}', '--type', 'command', ...how, ...more)).toBe(0);
    expect(body()).toEqual({
      ...{ to: ben.did, type: 'COMMAND', payload: { n: 1 }, priority: 'URGENT', ttlSeconds: 120 },
      ...{ delaySeconds: 5, key: 'order-7', correlationId: 'c', replyTo: ben.did, schema: 'order.created/2' },
    });
    expect(line.gateway.seen.at(-1)!.headers['idempotency-key']).toBe('once');
  });

  it.each(['topic:news', '*'])('reaches %s', async (to) => {
    expect(await line.run('send', to, 'hello')).toBe(0);
    expect(body()).toMatchObject({ to, payload: 'hello' });
  });

  it('signs with the key of the agent', async () => {
    expect(await line.run('send', 'ben', '{"n":1}', '--ttl', '60', '--sign')).toBe(0);
    const expiresAt = '2026-01-01T00:01:00.000Z';
    const { signature = null, type, priority = 'NORMAL' } = body();
    const over = { signature, type, priority, expiresAt, correlationId: null };
    const delivery = deliveryOf(ada.did, ben.did, over);
    expect([verifyMessage(delivery, keysOf(ada)), verifyMessage(delivery, keysOf(ben))]).toEqual([
      true,
      false,
    ]);
  });

  it.each([
    [['send'], 2, "missing required argument 'to'"],
    [['send', 'ben'], 2, "missing required argument 'payload'"],
    [['send', 'ben', 'x', '--ttl', 'soon'], 2, 'a number of s, m, h or d'],
    [['send', 'topic:a b', 'x'], 1, 'topic:a b is no topic'],
    [['send', '--batch', '-', '--type', 'event'], 1, 'leave out --type'],
    [['send', 'ben', '--batch', '-'], 1, 'leave out to and payload'],
  ])('%j: a wrong call sends nothing', async (argv, code, why) => {
    expect(await line.run(...argv)).toBe(code);
    expect(line.said).toContain(why);
    expect(line.gateway.seen).toEqual([]);
  });
});

describe('send --batch', () => {
  const file = (...lines: string[]): string => {
    const name = join(line.folder, 'messages.ndjson');
    writeFileSync(name, lines.join('\n'));
    return name;
  };
  const message = (over: object = {}): string =>
    JSON.stringify({ to: 'ben', type: 'EVENT', payload: 1, ...over });
  const none = { id: null, status: null, durability: null };
  const problem = {
    ...{ type: 'https://concordat.dev/errors/recipient_unknown', title: 'x', status: 404, detail: 'Nobody.' },
    ...{ code: 'RECIPIENT_UNKNOWN', fix: 'f', traceId: 'f'.repeat(32), errors: [] },
  };
  const sizes: number[] = [];
  beforeEach(() => {
    sizes.length = 0;
    line.gateway.answers['POST /v1/messages/batch'] = (call: { body: { messages: Send[] } }) => {
      const { messages } = call.body;
      sizes.push(messages.length);
      const items = messages.map(({ payload }) =>
        payload === 'bad' ? { ...none, problem } : { ...accepted, problem: null },
      );
      return { items };
    };
  });

  it('tells of every line what became of it, and fails when one was refused', async () => {
    const name = file(message(), '', message({ payload: 'bad' }), message({ to: '*' }));
    expect(await line.run('send', '--batch', name, '-o', 'json')).toBe(1);
    const told = line.printed
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as object);
    expect(told).toMatchObject([
      { line: 1, id, problem: null },
      { line: 3, id: null, problem: { code: 'RECIPIENT_UNKNOWN' } },
      { line: 4, id, problem: null },
    ]);
    expect(line.said).toContain('2 messages were accepted, 1 refused');
    expect(line.gateway.seen.at(-1)!.body).toMatchObject({
      messages: [{ to: ben.did, payload: 1 }, { payload: 'bad' }, { to: '*' }],
    });
  });

  it('sends as many at once as the bus takes, each batch under a name of its own', async () => {
    const name = file(...Array.from({ length: 1_001 }, () => message()));
    expect(await line.run('send', '--batch', name, '--idempotency-key', 'import', '--sign')).toBe(0);
    expect(sizes).toEqual([1_000, 1]);
    const [first, second] = line.gateway.seen;
    const names = [first, second].map((call) => call!.headers['idempotency-key']);
    expect(names).toEqual(['import-0', 'import-1']);
    expect(line.gateway.seen[1]!.body).toMatchObject({
      messages: [{ signature: keysOf(ada).map(({ kid }) => ({ kid })) }],
    });
  });

  it('sends no more bytes at once than the bus takes', async () => {
    const payload = 'x'.repeat(400_000);
    expect(await line.run('send', '--batch', file(...[1, 2, 3].map(() => message({ payload }))))).toBe(0);
    expect(sizes).toEqual([2, 1]);
  });

  it.each([
    ['{"to":"ben","pin":1234', 'line 2: The body is not JSON: unexpected character at position 22'],
    ['{"pin":1234,"pin":1234}', 'line 2: A key appears twice'],
    ['"1234"', 'line 2: a line is an object'],
  ])('a line %s that is no message ends it without being shown', async (bad, why) => {
    expect(await line.run('send', '--batch', file(message(), bad))).toBe(1);
    expect(line.said).toContain(why);
    expect(line.said).not.toContain('1234');
    expect(sizes).toEqual([]);
  });

  it('says what was sent when a later part fails', async () => {
    const name = file(...Array.from({ length: 1_000 }, () => message()), message(), '{');
    expect(await line.run('send', '--batch', name)).toBe(1);
    expect(line.said).toContain('1000 messages were accepted and 0 refused before this');
  });

  it('of a file that is not there says so', async () => {
    expect(await line.run('send', '--batch', join(line.folder, 'none'))).toBe(1);
    expect(line.said).toContain('cannot be read (ENOENT: no such file or directory)');
  });
});
