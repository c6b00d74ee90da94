import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildLeaf,
  canonicalJson,
  ed25519PublicKey,
  formatCheckpoint,
  formatVerifierKey,
  leafHash,
  noteSigner,
  signNote,
  toBase64url,
} from '@concordat/crypto';
import { type FakeGateway, type SeenCall, startGateway } from '../client/gateway.fixture';
import { runCommandLine } from '../program';

const signerOf = (seed: number) => {
  const secretKey = new Uint8Array(32).fill(seed);
  return noteSigner('example.org/log', { secretKey, publicKey: ed25519PublicKey(secretKey) });
};
const time = '2026-01-01T00:00:00.000Z';

/** The proof of the only event of a log. */
function bundleOf(id: string, isErased = false): object {
  const signer = signerOf(1);
  const facts = {
    id,
    type: 'concordat.bus.message.delivered.v1',
    time,
    tenant: 'default',
    actor: 'a',
    subject: 's',
  };
  const event = canonicalJson({ ...facts, correlation: 'c', data: '{}' });
  const salt = new Uint8Array(32).fill(7);
  const leaf = buildLeaf({ ...facts, event, salt, body: new Uint8Array(32) });
  const checkpoint = signNote(
    formatCheckpoint({ origin: signer.name, size: 1, root: leafHash(leaf) }),
    signer,
  );
  const disclosure = isErased ? null : { salt: toBase64url(salt), event };
  return {
    eventId: id,
    logIndex: 0,
    treeSize: 1,
    leaf: toBase64url(leaf),
    proof: [],
    checkpoint,
    disclosure,
  };
}

let gateway: FakeGateway;
let folder: string;
let printed: string;
let said: string;
beforeEach(async () => {
  gateway = await startGateway();
  folder = mkdtempSync(join(tmpdir(), 'concordat audit '));
  writeFileSync(join(folder, 'admin.key'), 'cck_admin', { mode: 0o600 });
  writeFileSync(join(folder, 'audit.vkey'), `${formatVerifierKey(signerOf(1))}\n`);
  gateway.answers['GET /v1/audit/proofs/inclusion'] = ({ query }: SeenCall) =>
    query['eventId'] === 'gone'
      ? 'EVENT_UNKNOWN'
      : bundleOf(query['eventId']!, query['eventId'] === 'erased');
  printed = said = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((printed += String(text)), true));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((said += String(text)), true));
});
afterEach(async () => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
  await gateway.close();
  rmSync(folder, { recursive: true });
});

const run = (...argv: string[]): Promise<number> =>
  runCommandLine(['audit', ...argv, '--data', folder, '--url', gateway.url]);

const eventItem = (id: string) => ({
  ...{ id, type: 't', source: '/concordat/bus.0', subject: 's', actor: 'a', time, correlationId: 'c' },
  ...{ traceId: null, data: {}, logIndex: 0 },
});

describe('audit verify', () => {
  it('says what is proven, and with which key', async () => {
    expect(await run('verify', 'bus.0:1:1')).toBe(0);
    expect(printed).toContain(
      '✓  bus.0:1:1  concordat.bus.message.delivered.v1, 2026-01-01T00:00:00.000Z  entry 0',
    );
    expect(printed).toContain('Proven: this event is in the log "example.org/log" of 1 events');
    expect(printed).toContain(join(folder, 'audit.vkey'));
    expect(printed).toContain('content are what was logged');
  });

  it('says that an erased event is proven only as far as it is', async () => {
    expect(await run('verify', 'erased')).toBe(0);
    expect(printed).toContain('The content of 1 was erased');
  });

  it('fails under another key, and for an event without a proof', async () => {
    const other = join(folder, 'other.vkey');
    writeFileSync(other, formatVerifierKey(signerOf(2)));
    expect(await run('verify', 'bus.0:1:1', '--vkey', other, '-o', 'json')).toBe(1);
    expect(JSON.parse(printed)).toMatchObject({
      ok: false,
      results: [{ ok: false, reason: expect.any(String) }],
    });
    process.exitCode = undefined;
    printed = '';
    expect(await run('verify', 'gone')).toBe(1);
    expect(printed).toContain('1 of 1 events are NOT proven.');
  });

  it('takes all events of a conversation, on all pages', async () => {
    gateway.answers['GET /v1/audit/events'] = ({ query }: SeenCall) =>
      query['cursor'] === 'next'
        ? { items: [eventItem('bus.0:1:2')], nextCursor: null }
        : { items: [eventItem('bus.0:1:1')], nextCursor: 'next' };
    expect(await run('verify', '--all-of-correlation', 'c', '-o', 'json')).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({
      ok: true,
      results: [
        {
          eventId: 'bus.0:1:1',
          ok: true,
          disclosed: true,
          logIndex: 0,
          treeSize: 1,
          origin: 'example.org/log',
        },
        { eventId: 'bus.0:1:2', ok: true },
      ],
    });
    gateway.answers['GET /v1/audit/events'] = { items: [], nextCursor: null };
    process.exitCode = undefined;
    expect(await run('verify', '--all-of-correlation', 'c')).toBe(1);
    expect(said).toContain('No event has the correlation id c');
  });

  it('proves offline what was downloaded of a conversation', async () => {
    const ids = ['bus.0:1:1', 'bus.0:1:2'];
    gateway.answers['GET /v1/audit/events'] = { items: ids.map(eventItem), nextCursor: null };
    const dir = join(folder, 'proofs of c');
    expect(await run('download', dir, '--all-of-correlation', 'c')).toBe(0);
    await gateway.close();
    const offline = (...argv: string[]) => run('verify', '--bundle', dir, ...argv);
    expect(await offline('--all-of-correlation', 'c')).toBe(0);
    expect(printed).toContain('Proven: these 2 events are in the log');
    const file = join(dir, 'proofs', `${encodeURIComponent(ids[1]!)}.json`);
    expect(await run('verify', '--bundle', file)).toBe(0);
    expect(await offline('--all-of-correlation', 'd')).toBe(1);
    writeFileSync(file, readFileSync(file, 'utf8').replace('delivered', 'accepted'));
    expect(await offline(ids[0]!)).toBe(0);
    process.exitCode = undefined;
    expect(await offline()).toBe(1);
    expect(printed).toContain('1 of 2 events are NOT proven.');
  });

  it('without a key proves nothing', async () => {
    rmSync(join(folder, 'audit.vkey'));
    expect(await run('verify', 'bus.0:1:1')).toBe(1);
    expect(said).toContain('There is no verifier key in');
    expect(gateway.seen).toEqual([]);
  });
});

describe('audit search', () => {
  it('finds events', async () => {
    gateway.answers['GET /v1/audit/events'] = { items: [eventItem('bus.0:1:1')], nextCursor: 'more' };
    expect(await run('search', '--type', 't', '--actor', 'a', '--from', time, '--limit', '1')).toBe(0);
    expect(gateway.seen[0]!.query).toEqual({ type: 't', actor: 'a', from: time, order: 'desc', limit: '1' });
    expect(printed).toContain(`${time}  t     s        a      bus.0:1:1`);
    expect(said).toContain('there are more');
  });

  it('finds messages', async () => {
    const did = `did:key:z6Mk${'a'.repeat(44)}`;
    const item = {
      ...{ messageId: 'm', from: did, to: did, type: 'QUERY', priority: 'HIGH', status: 'DELIVERED' },
      ...{ correlationId: null, replyTo: null, payload: null, timestamp: time, deliveredAt: time },
      ...{ ttlSeconds: null, retryCount: 0, error: null },
    };
    gateway.answers['GET /v1/audit/messages'] = { items: [item], nextCursor: null };
    expect(await run('search', '--messages', '--agent', did, '--status', 'delivered')).toBe(0);
    expect(gateway.seen[0]!.query).toEqual({
      ...{ agent: did, status: 'DELIVERED', order: 'desc', limit: '50' },
    });
    expect(printed).toContain('DELIVERED');
  });

  it('refuses filters that mean nothing there', async () => {
    expect(await run('search', '--status', 'sent')).toBe(1);
    expect(await run('search', '--messages', '--subject', 's')).toBe(1);
    expect(said).toContain('--status means nothing for events; add --messages');
    expect(said).toContain('--subject means nothing for --messages');
  });
});
