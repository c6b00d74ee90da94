import {
  AgentErased,
  AgentRevoked,
  MessageAccepted,
  MessagesDelivered,
  MessagesFailed,
  MessagesSent,
  RequestRefused,
  VerificationFinished,
  VerificationStarted,
} from '@concordat/contracts';
import { administrator, eventually, newAgent, plainMessage } from '@concordat/testing';
import fc from 'fast-check';
import { agent, askingOf, key } from '../governance/governance.fixture';
import { isLong } from '../testing/environment';
import { type AuditBench, startAuditBench } from '../testing/audit-bench';
import type { VerificationResult } from './database-verification';
import { other, tables, type TamperedTable } from './tampering.fixture';

jest.setTimeout(120_000);

const [alice, bob, carol] = [newAgent().did, newAgent().did, newAgent().did];
const act = `agent:${alice};for=agent:${carol}`;
const kinds = ['edit', 'edit', 'edit', 'null', 'delete', 'swap', 'truncate'];
const common = { tenant: 'default', actor: 'apiKey:1', correlation: 'talk', traceparent: null };

describe('the database of audit-service', () => {
  let audit: AuditBench;
  let sent = 0;

  const send = async (from: string, tenant = 'default', to = bob): Promise<string> => {
    const messageId = `msg-1-0-0199f1c2-7b3a-7c4d-8e5f-${String(++sent).padStart(12, '0')}`;
    const data = { messageId, ...plainMessage, from, to, type: 'QUERY', priority: 'HIGH' } as const;
    const payload = { question: `${sent}?` };
    await audit
      .feed('bus.1')
      .append({ ...common, tenant, spec: MessageAccepted, data: { ...data, payload } });
    return messageId;
  };
  const tell = (
    spec: typeof MessagesSent | typeof MessagesDelivered,
    messageIds: string[],
    attempt: number,
    to = bob,
  ) =>
    audit.feed('bus.1').append({
      ...{ ...common, spec },
      data: { to, items: messageIds.map((messageId) => ({ messageId, from: alice, attempt })) },
    });
  const isCovered = async (): Promise<void> => {
    const sources = ['iam', 'bus.1', 'audit', 'audit.feed', 'bus.feed'];
    const heads = await Promise.all(sources.map(async (name) => [name, await audit.log.head(name)] as const));
    const minPosition = Object.fromEntries(heads.flatMap(([name, head]) => (head ? [[name, head.at]] : [])));
    await audit.caller.call('audit.key', {}, { minPosition });
  };

  /** Rows of the tables of audit-service itself, some of them of carol. */
  const record = async (): Promise<void> => {
    const ask = askingOf(() => audit);
    const { call } = audit.caller;
    for (const who of [key(), key('other'), agent(carol), agent(carol), agent(alice)]) {
      const { id } = await ask.start(who, { parameters: { a: 1 } });
      await ask.log(who, { workflowId: id, outcome: 'success' });
      await call('governance.recordMetric', { name: 'kept', value: 4, workflowId: id }, { principal: who });
      if (who.id !== alice) await ask.end(who, { id, status: 'completed', result: ['done'] });
    }
    const label = { messageType: 'QUERY', name: 'question', pointer: '/question' } as const;
    for (const tenant of ['default', 'other'])
      await call('audit.setLabels', { labels: [label] }, { principal: administrator(tenant) });
    const ids = [];
    for (const subject of [alice, newAgent().did])
      ids.push(
        (await call('audit.placeHold', { reason: 'a case', subject, from: '2026-01-01T00:00:00Z' })).output
          .id,
      );
    await call('audit.releaseHold', { id: ids[0]! });
    await call('audit.setRetention', { events: 365, messages: 365 });
  };

  beforeAll(async () => {
    audit = await startAuditBench();
    const revoked = Array.from({ length: 270 }, (_, i) => ({
      ...{ type: AgentRevoked.type, subject: i % 2 ? alice : bob },
      ...{ correlation: i % 3 ? null : 'talk', tenant: i % 5 ? 'default' : 'other' },
      data: { did: i % 2 ? alice : bob, reason: `reason ${i}` },
    }));
    const iam = audit.publisher('iam');
    await iam.publish(revoked);
    const ids = [];
    for (let i = 0; i < 12; i++) ids.push(await send(i < 10 ? alice : carol));
    await send(alice, 'other');
    await isCovered();
    await record();
    const toCarol = await send(alice, 'default', carol);
    await isCovered();
    await tell(MessagesSent, ids, 2);
    await tell(MessagesDelivered, [toCarol], 1, carol);
    await tell(MessagesDelivered, ids.slice(0, 6), 2);
    await audit.feed('bus.1').append({
      ...{ ...common, spec: MessagesFailed },
      data: { to: bob, items: [{ messageId: ids[7]!, from: alice, attempt: 3, error: 'no answer' }] },
    });
    // Under the key of an act of two, which goes with either.
    await audit.feed('bus.feed').append({
      ...{ ...common, actor: act, spec: RequestRefused },
      data: { operation: 'agent.list', code: 'POLICY_DENIED', caller: act, count: 1 },
    });
    await isCovered();
    await iam.publish([{ type: AgentErased.type, subject: carol, data: { did: carol } }]);
    await isCovered();
    await eventually(async () => expect((await audit.checks())['erasure']!.detail).toBe('nothing is due'));
  });
  afterAll(() => audit.stop());

  /** Columns of a table that are not made of others. */
  const stored = new Map<string, string>();
  const save = async (name: string): Promise<void> => {
    const [columns] = await audit.rows<{
      list: string;
    }>(`SELECT string_agg(quote_ident(attname), ', ') AS list
      FROM pg_attribute WHERE attrelid = '${name}'::regclass AND attnum > 0 AND attgenerated = '' AND NOT attisdropped`);
    stored.set(name, columns!.list);
    await audit.rows(`CREATE TABLE saved_${name} AS SELECT ${columns!.list} FROM ${name}`);
  };
  const restore = (name: string) =>
    audit.rows(`BEGIN; DELETE FROM ${name};
      INSERT INTO ${name} (${stored.get(name)}) SELECT * FROM saved_${name}; COMMIT`);
  const keysOf = async ({ name, key, where = 'true' }: TamperedTable): Promise<string[]> =>
    (
      await audit.rows<{ key: string }>(`SELECT (${key})::text AS key FROM ${name} WHERE ${where} ORDER BY 1`)
    ).map((row) => row.key);
  /** Carries a tampering out, and says whether it changed anything. */
  const tamper = async (name: string, sql: string): Promise<boolean> => {
    try {
      await audit.rows(sql);
    } catch {
      return false;
    }
    const sides = [name, `saved_${name}`].map((table) => `SELECT ${stored.get(name)} FROM ${table}`);
    const differ = ([a, b]: string[]) => `(${a} EXCEPT ALL ${b})`;
    const rows = await audit.rows(
      `SELECT 1 FROM (${differ(sides)} UNION ALL ${differ(sides.toReversed())}) different LIMIT 1`,
    );
    return rows.length > 0;
  };
  /** Whether a fault names the row. Of tiles, state and checkpoints that is their neighbour, too, or the entries below. */
  const isNamed = ({ faults }: VerificationResult, { name }: TamperedTable, key: string): boolean =>
    faults.some(({ table, logIndex, row }) => {
      if (['log_tiles', 'log_state', 'log_checkpoints'].includes(name)) return table.startsWith('log_');
      return table === name && (row ?? String(logIndex)) === key;
    });

  it('is as it was logged, also where a subject was erased and while ingest goes on', async () => {
    const [first] = await Promise.all([audit.verify(), ...Array.from({ length: 5 }, () => send(alice))]);
    expect(first).toMatchObject({ faultCount: 0, faults: [] });
    await isCovered();
    const begun = performance.now();
    const { size, faultCount } = await audit.verify();
    expect(faultCount).toBe(0);
    process.stdout.write(
      `audit verify --database: ${Math.round(size / ((performance.now() - begun) / 1_000))} entries/s, ${size} entries\n`,
    );
  });

  it('is verified on request, with progress, a result, and both on record', async () => {
    const { output } = await audit.caller.call('audit.startVerification', {});
    const ask = async () => (await audit.caller.call('audit.verification', output)).output;
    await eventually(async () => expect((await ask()).status).toBe('verified'));
    const result = await ask();
    expect(result).toMatchObject({ faultCount: 0, faults: [], checked: result.size });
    expect(result.finishedAt).not.toBeNull();
    const subject = `verification:${output.id}`;
    await eventually(async () => {
      const { items } = (await audit.caller.call('audit.events', { subject })).output;
      expect(items.map(({ type }) => type)).toEqual([VerificationFinished.type, VerificationStarted.type]);
    });
    const unknown = audit.caller.call('audit.verification', { id: `ver_${'0'.repeat(32)}` });
    await expect(unknown).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  describe('when it was tampered with by its owner', () => {
    beforeAll(async () => {
      await isCovered();
      for (const { name } of tables) await save(name);
    });

    it('counts the records of somebody who was erased, and checks them by their hashes', async () => {
      const name = 'governance_logs';
      const one = `ctid = (SELECT max(ctid) FROM ${name} WHERE subject = '${carol}')`;
      const cases = [
        [`DELETE FROM ${name} WHERE ${one}`, /governance_logs: 1 records of/],
        [`UPDATE ${name} SET action = 'another' WHERE ${one}`, /governance_logs: .* its hash says/],
        [
          `INSERT INTO ${name} (${stored.get(name)}) SELECT ${stored.get(name)!.replace(/\bid\b/, "id || 'x'")}
          FROM ${name} WHERE ${one}`,
          'hash',
        ],
      ] as const;
      for (const [sql, detail] of cases) {
        expect(await tamper(name, sql)).toBe(true);
        const { faults } = await audit.verify();
        await restore(name);
        expect(faults.map((fault) => `${fault.table}: ${fault.detail}`).join()).toMatch(detail);
      }
    });

    it.each(tables.map((table) => [table.name, table] as const))(
      'names every row of %s that was edited, deleted or exchanged',
      async (name, table) => {
        const keys = await keysOf(table);
        const columns = Object.entries(table.columns);
        const tampering = fc.tuple(
          fc.constantFrom(...kinds, ...(table.excuses ? ['excuse', 'excuse'] : [])),
          ...[fc.nat(), fc.nat(), fc.nat(), fc.nat(1_000)],
        ) as fc.Arbitrary<[string, number, number, number, number]>;
        await fc.assert(
          fc.asyncProperty(tampering, async ([kind, row, second, place, how]) => {
            const key = keys[row % keys.length]!;
            const peer = keys[second % keys.length]!;
            const [column, type] = columns[place % columns.length]!;
            const at = (value: string): string => `(${table.key})::text = '${value}'`;
            const sql = {
              edit: `UPDATE ${name} SET ${column} = ${other(column, type, how)} WHERE ${at(key)}`,
              null: `UPDATE ${name} SET ${column} = NULL WHERE ${at(key)}`,
              delete: `DELETE FROM ${name} WHERE ${at(key)}`,
              swap: `UPDATE ${name} SET ${column} = (SELECT ${column} FROM saved_${name} WHERE ${at(peer)}) WHERE ${at(key)};
              UPDATE ${name} SET ${column} = (SELECT ${column} FROM saved_${name} WHERE ${at(key)}) WHERE ${at(peer)}`,
              excuse: `UPDATE ${name} SET ${table.excuses?.[how % table.excuses.length]} WHERE ${at(key)}`,
              truncate: `DELETE FROM ${name} WHERE ${table.key} >= '${key}'`,
            }[kind]!;
            const isTampered = await tamper(name, sql);
            try {
              fc.pre(isTampered);
              const result = await audit.verify();
              expect(result.faultCount).toBeGreaterThan(0);
              expect([isNamed(result, table, key), sql, result.faults]).toContain(true);
            } finally {
              await restore(name);
            }
          }),
          { numRuns: isLong ? table.runs : Math.ceil(table.runs / 5) },
        );
      },
    );
  });
});
