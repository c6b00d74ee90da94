import { startPostgres } from '@concordat/processes';
import type { MikroORM } from '@mikro-orm/postgresql';
import { LogState } from '../../log/log-rows';
import { makeOrm } from '../orm';

const dayMs = 86_400_000;

describe('a database from before there were partitions', () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  let orm: MikroORM;
  const nowMs = Date.now();
  const rows = <T>(sql: string): Promise<T[]> => orm.em.fork().getConnection().execute<T[]>(sql);
  const idAt = (ms: number): string => {
    const hex = ms.toString(16).padStart(12, '0');
    return `msg-1-0-${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
  };

  beforeAll(async () => {
    postgres = await startPostgres();
    const ignore = (): void => undefined;
    orm = makeOrm({ databaseUrl: postgres.url, instance: 'older', entities: [LogState], log: ignore });
    await orm.getMigrator().up({ to: '004-own-events' });
    await rows(`INSERT INTO audit_events SELECT 'default', i, 'iam:1:' || i, 'type', 'iam', 'subject-' || i % 100,
      'agent:a' || i % 10, now(), 'talk-' || i % 50, NULL, 'key', '\\x00', 1 FROM generate_series(0, 4999) AS i`);
    await rows(`INSERT INTO audit_events VALUES ('default', 5000, 'iam:1:5000', 'concordat.iam.agent.erased.v1',
      '/concordat/iam', 'gone', 'agent:a1', now(), NULL, NULL, 'key', '\\x00', 1),
      ('default', 5001, 'iam.feed:1:1', 'concordat.iam.agent.erased.v1', '/concordat/iam.feed', 'b', 'a', now(), NULL, NULL,
        'key', '\\x00', 1)`);
    const ids = [nowMs, nowMs - 40 * dayMs, nowMs - 400 * dayMs, nowMs + 9 * dayMs, 2 ** 48 - 1].map(idAt);
    for (const id of [...ids, 'nonsense'])
      await rows(`INSERT INTO message_audit_log (tenant, message_id, from_agent, to_agent, status, status_rank, retry_count,
        timestamp) VALUES ('default', '${id}', 'a', 'b', 'SENT', 1, 0, now())`);
    await rows(`INSERT INTO log_state VALUES (1, 'key', 5000, '\\x00')`);
    await orm.getMigrator().up();
  });
  afterAll(async () => {
    await orm.close(true);
    await postgres.stop();
  });

  it('keeps every row for 90 days from then, and the messages that may change by their ids', async () => {
    expect(await rows('SELECT count(*)::int AS n FROM audit_events_d90')).toEqual([{ n: 5_001 }]);
    expect(
      await rows(`SELECT accepted_at > now() - interval '1 day' AS is_new, count(*)::int AS n
        FROM message_audit_log_d90 GROUP BY 1 ORDER BY 1`),
    ).toEqual([
      { is_new: false, n: 1 },
      { is_new: true, n: 5 },
    ]);
    expect(await rows('SELECT count(*)::int AS n FROM message_places')).toEqual([{ n: 4 }]);
    expect(await rows("SELECT logged_at > now() - interval '1 day' AS is_new FROM log_state")).toEqual([
      { is_new: true },
    ]);
  });

  it('keeps for ever what tells of erasures', async () => {
    expect(await rows('SELECT subject FROM audit_events_forever')).toEqual([{ subject: 'gone' }]);
  });

  it('says which partitions there are, as they are', async () => {
    const said = await rows('SELECT name FROM retention_partitions ORDER BY name');
    const there = await rows(`SELECT inhrelid::regclass::text AS name FROM pg_inherits
      WHERE inhparent IN ('audit_events_d90'::regclass, 'audit_events_forever'::regclass, 'message_audit_log_d90'::regclass) ORDER BY 1`);
    expect(said).toEqual(there);
  });

  it('serves pages in the order of the log from the indexes of all partitions, sorting nothing', async () => {
    await rows(`CREATE TABLE more (LIKE audit_events_d30 INCLUDING ALL);
      ALTER TABLE audit_events_d30 ATTACH PARTITION more FOR VALUES FROM ('2000-01-01') TO ('2100-01-01');
      INSERT INTO audit_events SELECT tenant, log_index + 5000, event_id || 'x', type, source, subject, actor, time,
        correlation_id, trace_id, key_id, body, body_bytes, 'd30', logged_at FROM audit_events;
      ANALYZE audit_events`);
    for (const filter of ['', "AND subject = 'subject-7'", "AND actor = 'agent:a3'"]) {
      const plan = await rows<Record<string, string>>(`EXPLAIN SELECT * FROM audit_events
        WHERE tenant = 'default' ${filter} AND log_index < 9000 ORDER BY log_index DESC LIMIT 50`);
      const text = plan.map((line) => line['QUERY PLAN']).join('\n');
      expect(text).toContain('Merge Append');
      expect(text.match(/Index Scan Backward/g)!.length).toBeGreaterThanOrEqual(2);
      expect(text).not.toMatch(/Seq Scan|^\s*->\s*Sort/m);
    }
  });
});
