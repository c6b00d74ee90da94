import { AgentRevoked, RequestRefused } from '@concordat/contracts';
import { toBase64url, verifyConsistency } from '@concordat/crypto';
import type { Feed } from '@concordat/streams';
import { eventually, newAgent } from '@concordat/testing';
import { type AuditBench, startAuditBench } from '../testing/audit-bench';
import { LogClient, rootOf } from '../testing/log-client';

jest.setTimeout(120_000);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const agents = Array.from({ length: 40 }, () => newAgent().did);

/** The first answer counts. */
const atOnce = { isPatient: false };

describe('audit-service, while PostgreSQL dies, freezes and the service restarts', () => {
  let audit: AuditBench;
  let client: LogClient;

  beforeAll(async () => {
    audit = await startAuditBench();
    client = new LogClient(audit.caller);
  });
  afterAll(() => audit.stop());

  const refuse = (feed: Feed, caller: string): Promise<void> =>
    feed.append({
      ...{
        spec: RequestRefused,
        tenant: 'default',
        actor: 'anonymous',
        correlation: null,
        traceparent: null,
      },
      data: { operation: 'agent.list', code: 'CREDENTIAL_INVALID', caller, count: 1 },
    });
  const heads = async (sources: readonly string[]) =>
    Object.fromEntries(
      await Promise.all(sources.map(async (name) => [name, (await audit.log.head(name))!.at] as const)),
    );
  const caughtUp = (sources: readonly string[]) =>
    eventually(async () => audit.caller.call('audit.key', {}, { minPosition: await heads(sources) }), 60_000);

  /** Every event once, in the order of its source, at contiguous places, under the root that is signed. */
  const requireWhole = async (prefixes: readonly string[], expected: number): Promise<void> => {
    const rows = await audit.rows<{ event_id: string; leaf_index: string }>(
      'SELECT event_id, leaf_index FROM log_entries ORDER BY leaf_index',
    );
    expect(rows.map(({ leaf_index }) => Number(leaf_index))).toEqual(rows.map((_, i) => i));
    expect(new Set(rows.map(({ event_id }) => event_id)).size).toBe(rows.length);
    let total = 0;
    for (const prefix of prefixes) {
      const ids = rows.map(({ event_id }) => event_id).filter((id) => id.startsWith(`${prefix}:`));
      expect(ids.map((id) => Number(id.split(':')[2]))).toEqual(ids.map((_, i) => i + 1));
      total += ids.length;
    }
    expect(total).toBe(expected);
    const events = await audit.rows<{ count: string }>('SELECT count(*) FROM audit_events');
    expect(Number(events[0]!.count)).toBe(rows.length);
    const { size, root } = await eventually(async () => {
      const checkpoint = await client.checkpoint();
      expect(checkpoint.size).toBe(rows.length);
      return checkpoint;
    });
    expect(toBase64url(rootOf(await client.entries(size)))).toBe(toBase64url(root));
  };

  it('takes in every event exactly once across kills of PostgreSQL and restarts in the middle, and signs one history', async () => {
    const [perSource, partitions] = [2_000, ['bus.0', 'bus.1']];
    const iam = audit.publisher('iam');
    const signed: Awaited<ReturnType<LogClient['checkpoint']>>[] = [];
    const somethingSigned = async () => {
      const checkpoint = await client.checkpoint();
      expect(checkpoint.size).toBeGreaterThan(0);
      return checkpoint;
    };
    const publishing = [
      (async () => {
        for (let i = 0; i < perSource; i += 100) {
          await iam.publish(
            agents.slice(0, 20).flatMap((did) =>
              Array.from({ length: 5 }, (_, j) => ({
                type: AgentRevoked.type,
                subject: did,
                data: { did, reason: `${i} ${j}` },
              })),
            ),
          );
          await sleep(40);
        }
      })(),
      ...partitions.map(async (name) => {
        const feed = audit.feed(name);
        for (let i = 0; i < perSource; i += 100) {
          await Promise.all(Array.from({ length: 100 }, (_, j) => refuse(feed, agents[(i + j) % 40]!)));
          await sleep(40);
        }
      }),
    ];
    for (const disturb of ['kill', 'restart', 'kill', 'restart'] as const) {
      await sleep(300);
      signed.push(await eventually(somethingSigned));
      if (disturb === 'kill') await audit.postgres.kill9();
      else await audit.restart();
    }
    await Promise.all(publishing);
    await audit.postgres.whenReady();
    await caughtUp(['iam', ...partitions]);
    await requireWhole(['iam', ...partitions], 3 * perSource);
    const last = await client.checkpoint();
    for (const { size, root } of signed) {
      const { output } = await audit.caller.call('audit.consistencyProof', { from: size, to: last.size });
      const proof = output.proof.map((hash) => new Uint8Array(Buffer.from(hash, 'base64url')));
      expect(verifyConsistency(size, last.size, proof, root, last.root)).toBe(true);
    }
    const alarms = await audit.rows('SELECT * FROM ingest_alarms');
    expect(alarms).toEqual([]);
    process.stdout.write(
      `audit ingest: ${3 * perSource} events published, 2 kills of PostgreSQL (${audit.postgres.restarts} restarts), ` +
        `2 restarts of the service: 0 lost, 0 doubled; checkpoints ${signed.map(({ size }) => size).join(', ')} → ${last.size} consistent\n`,
    );
  });

  it('takes in every event once when two processes do the same work at once', async () => {
    const stopSecond = await audit.startSecond();
    const [feeds, perFeed] = [['bus.2', 'bus.3'], 1_000];
    await Promise.all(
      feeds.map(async (name) => {
        const feed = audit.feed(name);
        for (let i = 0; i < perFeed; i += 50) {
          await Promise.all(Array.from({ length: 50 }, (_, j) => refuse(feed, agents[j % 40]!)));
          await sleep(20);
        }
      }),
    );
    await caughtUp(feeds);
    await requireWhole(feeds, feeds.length * perFeed);
    await stopSecond();
  });

  it('answers 503 within two seconds while PostgreSQL is frozen under load, says so, and catches up when it thaws', async () => {
    const before = await client.checkpoint();
    const feed = audit.feed('bus.feed');
    const rounds = 20;
    const publish = async (): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        await Promise.all(Array.from({ length: 100 }, (_, i) => refuse(feed, agents[i % 40]!)));
        await sleep(80);
      }
    };
    const publishing = publish();
    audit.postgres.suspend();
    try {
      const calls = [
        audit.caller.call('audit.events', {}, atOnce),
        audit.caller.call('audit.messages', {}, atOnce),
        audit.caller.call('audit.inclusionProof', { eventId: 'iam:1763640000000:1' }, atOnce),
        audit.caller.call('audit.entries', { index: '000' }, atOnce),
        audit.caller.call('audit.tile', { level: '0', index: '000' }, atOnce),
        audit.caller.call('audit.consistencyProof', { from: 1, to: before.size }, atOnce),
      ];
      const begun = performance.now();
      for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
      expect(performance.now() - begun).toBeLessThan(5_000);
      // What needs no database is served all the same.
      expect((await client.checkpoint()).note).toBe(before.note);
      await eventually(async () => {
        const { database, ingest } = await audit.checks();
        expect([database!.ok, ingest!.ok]).toEqual([false, false]);
      });
    } finally {
      audit.postgres.resume();
    }
    const begun = performance.now();
    await publishing;
    await caughtUp(['bus.feed']);
    await eventually(async () => {
      const { database, ingest } = await audit.checks();
      expect([database!.ok, ingest!.ok]).toEqual([true, true]);
    });
    process.stdout.write(
      `audit ingest: ${100 * rounds} events came over a freeze; caught up ${Math.round(performance.now() - begun)} ms after the thaw\n`,
    );
    await requireWhole(['bus.feed'], 100 * rounds);
  });

  it('answers no query that it cannot put on record', async () => {
    const { durable } = audit.bench.redis;
    durable.suspend();
    try {
      const begun = performance.now();
      await expect(audit.caller.call('audit.messages', {}, atOnce)).rejects.toMatchObject({
        code: 'SERVICE_UNAVAILABLE',
      });
      expect(performance.now() - begun).toBeLessThan(5_000);
    } finally {
      durable.resume();
    }
    await eventually(() => audit.caller.call('audit.messages', {}));
  });

  it('doubles nothing when the cursors are lost and every source is read from its beginning', async () => {
    const count = async (): Promise<number> =>
      Number(
        (
          await audit.rows<{ count: string }>(
            "SELECT count(*) FROM audit_events WHERE source NOT LIKE '%audit%'",
          )
        )[0]!.count,
      );
    const before = await count();
    await audit.rows('DELETE FROM source_cursors');
    await audit.restart();
    const feed = audit.feed('bus.feed');
    await refuse(feed, 'after all of them');
    await caughtUp(['iam', 'bus.0', 'bus.1', 'bus.2', 'bus.3', 'bus.feed']);
    expect(await count()).toBe(before + 1);
  });

  it('starts while PostgreSQL is away, answers 503, and serves when it is back', async () => {
    audit.postgres.suspend();
    try {
      await audit.restart();
      const begun = performance.now();
      await expect(audit.caller.call('audit.key', {}, atOnce)).rejects.toMatchObject({
        code: 'SERVICE_UNAVAILABLE',
      });
      expect(performance.now() - begun).toBeLessThan(5_000);
    } finally {
      audit.postgres.resume();
    }
    await eventually(() => audit.caller.call('audit.key', {}));
  });
});
