import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type InclusionBundle, RequestRefused } from '@concordat/contracts';
import {
  emptyRoot,
  formatTileIndex,
  leafHash,
  nodeHash,
  tileWidth,
  toBase64url,
  verifyConsistency,
  verifyInclusionBundle,
} from '@concordat/crypto';
import type { Feed } from '@concordat/streams';
import { eventually } from '@concordat/testing';
import fc from 'fast-check';
import { type AuditBench, startAuditBench } from '../testing/audit-bench';
import { LogClient, rootOf } from '../testing/log-client';

jest.setTimeout(60_000);

describe('the log of audit-service, seen from outside', () => {
  let audit: AuditBench;
  let client: LogClient;
  let feed: Feed;
  let fed = 0;

  beforeAll(async () => {
    audit = await startAuditBench();
    client = new LogClient(audit.caller);
    feed = audit.feed('bus.feed');
  });
  afterAll(() => audit.stop());

  const append = async (count: number): Promise<void> => {
    await Promise.all(
      Array.from({ length: count }, () =>
        feed.append({
          ...{
            spec: RequestRefused,
            tenant: 'default',
            actor: 'anonymous',
            correlation: null,
            traceparent: null,
          },
          data: { operation: 'agent.list', code: 'CREDENTIAL_INVALID', caller: `c${++fed % 7}`, count: 1 },
        }),
      ),
    );
  };
  const covering = (size: number) =>
    eventually(async () => {
      const checkpoint = await client.checkpoint();
      expect(checkpoint.size).toBeGreaterThanOrEqual(size);
      return checkpoint;
    });
  /** A few attempts, since a test that reads the trail makes the log grow. */
  const bundleOf = (index: number): Promise<InclusionBundle> =>
    eventually(async () => {
      const at = (await audit.log.head('bus.feed'))!.at;
      const { output } = await audit.caller.call('audit.inclusionProof', {
        eventId: `bus.feed:${at.epoch}:${index}`,
      });
      return output;
    });
  const vkey = () => readFileSync(audit.vkeyFile, 'utf8');

  it('is empty at first, which is signed, and has a key that everybody may read', async () => {
    expect(await client.checkpoint()).toMatchObject({ size: 0, root: emptyRoot });
    await expect(audit.caller.call('audit.entries', { index: '000.p/1' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(Buffer.from(await client.fetch('audit.key', {})).toString()).toBe(vkey());
    expect(vkey()).toMatch(/^concordat\/audit\/[0-9a-f]{8}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}\n$/);
    expect(statSync(audit.vkeyFile).mode & 0o777).toBe(0o644);
    const key = join(audit.bench.folder, 'audit', 'checkpoint.key');
    expect(statSync(key).mode & 0o777).toBe(0o600);
  });

  it('has a signed checkpoint soon after an event, and no further one while nothing is new', async () => {
    const latencies: number[] = [];
    for (let i = 0; i < 10; i++) {
      const { size } = await client.checkpoint();
      const begun = performance.now();
      await append(1);
      await covering(size + 1);
      latencies.push(performance.now() - begun);
    }
    latencies.sort((a, b) => a - b);
    const signed = async () =>
      (await audit.rows<{ count: string }>('SELECT count(*) FROM log_checkpoints'))[0]!.count;
    const before = await signed();
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(await signed()).toBe(before);
    process.stdout.write(
      `audit checkpoint: event → signed checkpoint, 10 events: median ${Math.round(latencies[5]!)} ms, ` +
        `most ${Math.round(latencies.at(-1)!)} ms\n`,
    );
  });

  it('proves an event offline, to whoever has the key', async () => {
    const bundle = await bundleOf(3);
    const verdict = verifyInclusionBundle(bundle, vkey());
    expect(verdict).toMatchObject({ ok: true, leaf: { id: bundle.eventId, type: RequestRefused.type } });
    expect(verdict.ok && verdict.event).toContain('CREDENTIAL_INVALID');
  });

  it('proves nothing when any field of the bundle is another', async () => {
    const bundle = await bundleOf(5);
    const disclosure = bundle.disclosure!;
    const place = fc.constantFrom('leaf', 'checkpoint', 'salt', 'event', 'eventId', 'proof' as const);
    const changed = (text: string, at: number, to: string): string =>
      text.slice(0, at % text.length) + to + text.slice((at % text.length) + 1);
    const altered = (name: string, at: number, to: string): InclusionBundle => {
      const change = (text: string): string => changed(text, at, to);
      switch (name) {
        case 'salt':
        case 'event':
          return { ...bundle, disclosure: { ...disclosure, [name]: change(disclosure[name]) } };
        case 'proof': {
          const index = at % bundle.proof.length;
          return { ...bundle, proof: bundle.proof.with(index, change(bundle.proof[index]!)) };
        }
        default:
          return { ...bundle, [name]: change(bundle[name as 'leaf']) };
      }
    };
    fc.assert(
      fc.property(place, fc.nat(), fc.constantFrom(...'Aa0_-"{'), (name, at, to) => {
        const bad = altered(name, at, to);
        fc.pre(JSON.stringify(bad) !== JSON.stringify(bundle));
        expect(verifyInclusionBundle(bad, vkey())).toMatchObject({ ok: false });
      }),
      { numRuns: 500 },
    );
    expect(verifyInclusionBundle({ ...bundle, logIndex: bundle.logIndex + 1 }, vkey()).ok).toBe(false);
    expect(verifyInclusionBundle({ ...bundle, treeSize: bundle.treeSize + 1 }, vkey()).ok).toBe(false);
  });

  it('is one history across a restart', async () => {
    await append(40);
    const before = await covering(50);
    await audit.restart();
    await append(300);
    const after = await covering(before.size + 300);
    const { output } = await audit.caller.call('audit.consistencyProof', {
      from: before.size,
      to: after.size,
    });
    const proof = output.proof.map((hash) => new Uint8Array(Buffer.from(hash, 'base64url')));
    expect(verifyConsistency(before.size, after.size, proof, before.root, after.root)).toBe(true);
    expect(verifyConsistency(before.size, after.size, proof, after.root, before.root)).toBe(false);
    for (const [from, to] of [
      [after.size, before.size],
      [1, after.size + 10_000],
    ] as const)
      await expect(audit.caller.call('audit.consistencyProof', { from, to })).rejects.toMatchObject({
        code: 'TREE_SIZE_INVALID',
      });
  });

  it('hashes up to the root of its checkpoint, entry by entry and tile by tile', async () => {
    const { size, root } = await client.checkpoint();
    const entries = await client.entries(size);
    expect(entries).toHaveLength(size);
    expect(toBase64url(rootOf(entries))).toBe(toBase64url(root));
    const hashes = entries.map(leafHash);
    const full = Buffer.from(await client.tile(0, '000'));
    expect(full.equals(Buffer.concat(hashes.slice(0, tileWidth)))).toBe(true);
    const width = size - tileWidth;
    const partial = Buffer.from(await client.tile(0, formatTileIndex(1, width)));
    expect(partial.equals(Buffer.concat(hashes.slice(tileWidth, size)))).toBe(true);
    let row: Uint8Array[] = hashes.slice(0, tileWidth);
    while (row.length > 1) row = row.flatMap((hash, i) => (i % 2 === 0 ? [nodeHash(hash, row[i + 1]!)] : []));
    expect(toBase64url(await client.tile(1, '000.p/1'))).toBe(toBase64url(row[0]!));
  });

  it('serves narrower partial tiles than the present one, under both names, and nothing beyond the checkpoint', async () => {
    const { size } = await client.checkpoint();
    const whole = await client.entries(size);
    for (const width of [1, 7, size - tileWidth]) {
      const path = formatTileIndex(1, width);
      const tile = Buffer.from(await client.tile(0, path));
      expect(tile.equals(Buffer.concat(whole.slice(tileWidth, tileWidth + width).map(leafHash)))).toBe(true);
      const bundle = toBase64url(await client.fetch('audit.tile', { level: 'entries', index: path }));
      expect(toBase64url(await client.fetch('audit.entries', { index: path }))).toBe(bundle);
    }
    expect(Buffer.from(await client.tile(0, '000.p/13')).byteLength).toBe(13 * 32);
    const beyond: [string, string][] = [
      ['0', '001'],
      ['0', formatTileIndex(1, size - tileWidth + 1)],
      ['entries', '001'],
      ['0', '002.p/1'],
      ['1', '000.p/2'],
      ['1', '000'],
      ['2', '000.p/1'],
      ['63', '000.p/1'],
      ['0', 'x001/000'],
      ['0', 'x000/001'],
    ];
    for (const [level, index] of beyond)
      await expect(audit.caller.call('audit.tile', { level, index })).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
  });

  it('is not continued by a database that was put back, nor by one of another log', async () => {
    const { size } = await client.checkpoint();
    await audit.rows('CREATE TABLE saved AS SELECT * FROM log_state');
    await audit.rows(`UPDATE log_state SET size = 3`);
    await audit.restart();
    await expect(audit.caller.call('audit.key', {})).rejects.toMatchObject({
      code: expect.any(String) as string,
    });
    await eventually(async () => expect((await audit.checks())['ingest']!.ok).toBe(false));
    await audit.rows('DELETE FROM log_state');
    await audit.rows('INSERT INTO log_state SELECT * FROM saved');
    await eventually(async () => expect((await client.checkpoint()).size).toBe(size));
    await audit.rows(
      'TRUNCATE log_state, log_entries, log_tiles, log_checkpoints, source_cursors, audit_events',
    );
    await audit.restart();
    await eventually(async () => {
      await expect(audit.caller.call('audit.key', {})).rejects.toMatchObject({ code: 'STORE_REGRESSED' });
      const { ingest } = await audit.checks();
      expect(ingest).toMatchObject({
        ok: false,
        detail: expect.stringContaining(`${size} entries were signed`) as string,
      });
    });
    await audit.rows('INSERT INTO log_state SELECT * FROM saved');
    const dataDir = join(audit.bench.folder, 'audit-2');
    mkdirSync(dataDir, { mode: 0o700 });
    await audit.restart({ dataDir, vkeyFile: undefined });
    await eventually(() =>
      expect(audit.caller.call('audit.key', {})).rejects.toMatchObject({
        code: 'STORE_REGRESSED',
        detail: expect.stringContaining('holds the log of') as string,
      }),
    );
  });
});
