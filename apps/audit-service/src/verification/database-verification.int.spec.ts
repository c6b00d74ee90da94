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
import { eventually, newAgent, plainMessage } from '@concordat/testing';
import fc from 'fast-check';
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
    await eventually(async () => expect((await audit.checks())['erasure']!.ok).toBe(true));
  });
  afterAll(() => audit.stop());

  const restore = (name: string) =>
    audit.rows(`BEGIN; DELETE FROM ${name}; INSERT INTO ${name} SELECT * FROM saved_${name}; COMMIT`);
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
    const sides = [name, `saved_${name}`];
    const differ = ([a, b]: string[]) => `(TABLE ${a} EXCEPT ALL TABLE ${b})`;
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
      const copies = tables.map(({ name }) => `CREATE TABLE saved_${name} AS TABLE ${name};`);
      await audit.rows(`BEGIN; ${copies.join(' ')} COMMIT`);
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
