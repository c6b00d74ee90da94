import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AgentErased,
  GovernanceLogged,
  type Principal,
  UserCreated,
  UserDisabled,
  UserRolesChanged,
} from '@concordat/contracts';
import { newAgent } from '@concordat/testing';
import { register } from 'prom-client';
import { type AuditBench, startAuditBench } from '../testing/audit-bench';
import type { ChainedPublisher } from '../testing/chained-publisher';
import { agent, aim, askingOf, canary, codeOf, key, person } from './governance.fixture';

jest.setTimeout(60_000);

const [ada, bea] = ['0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5a', '0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5b'];

describe('the governance log', () => {
  let audit: AuditBench;
  let iam: ChainedPublisher;
  const { log, logs, start, end, get, view, told, iamIsCovered } = askingOf(() => audit);

  beforeAll(async () => {
    audit = await startAuditBench();
    iam = audit.publisher('iam');
    const sealed = { alg: 'A256GCM', kid: 'k', value: 'AAAA' };
    const created = (id: string, roles: string[], tenant = 'default') => ({
      ...{ type: UserCreated.type, subject: `user:${id}`, tenant },
      data: { id, email: sealed, name: sealed, roles },
    });
    await iam.publish([
      ...[created(ada, ['user']), created(bea, ['user']), created(ada, ['admin'], 'acme')],
      {
        type: UserRolesChanged.type,
        subject: `user:${ada}`,
        data: { id: ada, roles: ['developer', 'auditor'] },
      },
      { type: UserDisabled.type, subject: `user:${bea}`, data: { id: bea } },
    ]);
    await iamIsCovered();
  });
  afterAll(() => audit.stop());

  it('keeps what was done and why, and puts what binds it into the Merkle log', async () => {
    const { output, position } = await audit.caller.call(
      'governance.log',
      { ...{ mode: 'ANALYSIS', action: 'weigh', aim, outcome: 'success' }, details: { canary: 1 } },
      { principal: key() },
    );
    const { items } = await logs(key(), { action: 'weigh' });
    expect(items).toEqual([
      expect.objectContaining({
        ...{
          ...output,
          aim,
          details: { canary: 1 },
          integrity: 'intact',
          outcome: 'success',
          mode: 'ANALYSIS',
        },
        ...{ actor: `apiKey:${key().id}`, subject: `apiKey:${key().id}`, original: null },
      }),
    ]);
    await audit.caller.call('audit.key', {}, { minPosition: { audit: position! } });
    const event = await told(GovernanceLogged.type, output.id);
    expect(event.data).toMatchObject({ hash: output.hash, action: 'weigh', outcome: 'success' });
    await audit.caller.call('audit.inclusionProof', { eventId: event.id });
  });

  it('shows to agents and users what is about them, to overseers their tenant, and nothing of another one', async () => {
    const [one, other] = [newAgent().did, newAgent().did];
    const { id } = await log(agent(one));
    const ids = async (principal: Principal) => (await logs(principal)).items.map((item) => item.id);
    expect(await ids(agent(one))).toEqual([id]);
    expect(await ids(agent(other))).toEqual([]);
    expect(await ids(agent(one, 'acme'))).toEqual([]);
    expect(await ids(key('acme'))).toEqual([]);
    expect(await ids(person(ada!, 'auditor'))).toContain(id);
    const own = await log(person(ada!, 'admin'));
    expect(await ids(person(ada!, 'user'))).toEqual([own.id]);
    expect(await ids(person(bea!, 'user'))).toEqual([]);
  });

  it('is asked for its views by who sees the tenant, and imported into by nobody else', async () => {
    for (const principal of [agent(newAgent().did), person(ada!, 'user'), person(ada!, 'developer')]) {
      expect(await codeOf(view('v_user_activity', principal))).toBe('POLICY_DENIED');
      const imported = audit.caller.call('governance.import', { lines: ['{}'] }, { principal });
      expect(await codeOf(imported)).toBe('POLICY_DENIED');
    }
    expect(await codeOf(log(person(ada!, 'auditor')))).toBe('POLICY_DENIED');
  });

  it('goes page by page, newest first, also where times are alike', async () => {
    const { did } = newAgent();
    const occurredAt = '2026-01-01T00:00:00.000Z';
    for (let i = 0; i < 5; i++) await log(agent(did), { occurredAt, action: `page ${i}` });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await logs(agent(did), { limit: 2, ...(cursor && { cursor }) });
      seen.push(...page.items.map(({ action }) => action));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(seen).toEqual(['page 4', 'page 3', 'page 2', 'page 1', 'page 0']);
    expect((await logs(agent(did), { to: occurredAt })).items).toEqual([]);
    expect((await logs(agent(did), { from: occurredAt, mode: 'RESEARCH' })).items).toHaveLength(5);
    expect(await codeOf(log(agent(did), { occurredAt: '2999-01-01T00:00:00Z' }))).toBe(
      'GOVERNANCE_TIME_INVALID',
    );
  });

  it('takes figures', async () => {
    const input = { name: 'reviews.open', value: 2.5, unit: 'hours' };
    const { output } = await audit.caller.call('governance.recordMetric', input, { principal: key() });
    const { items } = (await audit.caller.call('governance.metrics', { name: 'reviews.open' })).output;
    expect(items).toEqual([
      expect.objectContaining({ ...input, ...output, mode: null, integrity: 'intact' }),
    ]);
  });

  describe('lines of an older log', () => {
    const line = (n: number, over: object = {}): string =>
      JSON.stringify({
        ...{ timestamp: '2026-02-01T12:00:00Z', drag_mode: 'draft', workflow_name: `old ${n}`, user_id: bea },
        ...{ actor_name: canary, mission_objective: canary, input_constraints: canary, ...over },
      });
    const importLines = async (lines: string[], over: object = {}) => {
      const { output } = await audit.caller.call(
        'governance.import',
        { lines, ...over },
        { principal: key('old') },
      );
      return output.items.map(({ status, problem }) => (problem === null ? status : `${status}: ${problem}`));
    };
    const oldLogs = async () => (await logs(key('old'), { limit: 500 })).items;

    it('in a dry run / change nothing, and say what would be', async () => {
      const lines = [line(1), 'no JSON', line(1)];
      const said = await importLines(lines, { dryRun: true });
      expect(said).toEqual(['imported', expect.stringMatching(/^refused: .*JSON/), 'known']);
      expect(await oldLogs()).toEqual([]);
    });

    it('become a record each, about whom they name, with all that they said; once, also when many import them', async () => {
      const lines = [line(1), line(2, { drag_mode: 'execute' }), line(3)];
      const answers = await Promise.all([importLines(lines), importLines(lines), importLines(lines)]);
      expect(answers.flat().filter((status) => status === 'imported')).toHaveLength(2);
      expect(answers[0]![1]).toMatch(/^refused: mode: /);
      expect(await importLines([line(3), line(4)])).toEqual(['known', 'imported']);
      const items = await oldLogs();
      expect(items.map(({ action }) => action).sort()).toEqual(['old 1', 'old 3', 'old 4']);
      expect(items.find(({ action }) => action === 'old 1')).toMatchObject({
        ...{ subject: `user:${bea}`, original: line(1), integrity: 'intact', mode: 'DRAFT' },
        aim: { actor: canary, inputConstraints: [canary], mission: canary },
      });
    });
  });

  describe('the views', () => {
    it('tell of each tenant by itself, with the users as iam-service tells of them', async () => {
      const acme = key('acme');
      const asAda = person(ada!, 'admin', 'acme');
      const [one, two, three] = [await start(asAda), await start(acme), await start(acme, { name: 'daily' })];
      await end(asAda, { id: one.id, status: 'completed', endedAt: one.startedAt });
      await end(acme, { id: two.id, status: 'cancelled' });
      await log(asAda, { workflowId: one.id, outcome: 'success' });
      await log(acme, { outcome: 'failure', mode: 'DRAFT' });
      await log(acme, { mode: 'DRAFT' });
      const recent = await view('v_recent_governance', acme);
      expect(recent).toHaveLength(3);
      expect(recent.at(-1)).toMatchObject({
        ...{ userId: ada, userRoles: ['admin'], userStatus: 'active', workflowId: one.id },
        ...{ workflow: 'nightly', workflowStatus: 'completed', outcome: 'success', total: null },
      });
      expect(recent[0]).toMatchObject({ userId: null, userRoles: null, workflow: null });
      expect(await view('v_workflow_success_rate', acme)).toEqual([
        expect.objectContaining({
          workflow: 'nightly',
          total: 2,
          completed: 1,
          cancelled: 1,
          successRate: 0.5,
        }),
        expect.objectContaining({
          workflow: 'daily',
          total: 1,
          running: 1,
          successRate: null,
          lastAt: three.startedAt,
        }),
      ]);
      expect(await view('v_drag_mode_distribution', acme)).toEqual([
        expect.objectContaining({ mode: 'DRAFT', total: 2, share: 2 / 3, subjects: 1, successRate: 0 }),
        expect.objectContaining({ mode: 'RESEARCH', total: 1, share: 1 / 3, successRate: 1 }),
      ]);
      expect(await view('v_user_activity', acme)).toEqual([
        expect.objectContaining({ userId: ada, userRoles: ['admin'], total: 2, completed: 1 }),
      ]);
    });

    it('know the roles and the status that a user has now, and the last hundred records', async () => {
      const users = await view('v_user_activity');
      const found = Object.fromEntries(users.map((row) => [row.userId, [row.userRoles, row.userStatus]]));
      expect(found).toEqual({ [ada!]: [['developer', 'auditor'], 'active'], [bea!]: [['user'], 'disabled'] });
      const line = (n: number) =>
        JSON.stringify({ timestamp: `2026-03-01T12:00:00.${n}Z`, mode: 'GRUNT', action: `n ${n}` });
      const numbers = Array.from({ length: 100 }, (_, n) => 100 + n);
      await audit.caller.call('governance.import', { lines: numbers.map(line) }, { principal: key('many') });
      await log(key('many'));
      const recent = await view('v_recent_governance', key('many'));
      expect(recent.map(({ action }) => action)).toEqual([
        'review',
        ...numbers.slice(1).toReversed().map((n) => `n ${n}`), // prettier-ignore
      ]);
    });
  });

  it('marks a record that somebody changed, and shows it and its neighbours', async () => {
    const { did } = newAgent();
    const [first, second] = [await log(agent(did)), await log(agent(did))];
    const { id: execution } = await start(agent(did));
    await audit.rows(`UPDATE governance_logs SET mode = 'GRUNT' WHERE id = '${first.id}'`);
    await audit.rows(
      `UPDATE governance_logs SET body = '\\x00' || substring(body FROM 2) WHERE id = '${second.id}'`,
    );
    await audit.rows(`UPDATE workflow_executions SET actor = 'agent:me' WHERE id = '${execution}'`);
    const { items } = await logs(agent(did));
    expect(
      items.map(({ id, mode, integrity, aim: context }) => [id, mode, integrity, context !== null]),
    ).toEqual([
      [second.id, 'RESEARCH', 'changed', false],
      [first.id, 'GRUNT', 'changed', true],
    ]);
    expect(await get(agent(did), execution)).toMatchObject({ integrity: 'changed', actor: 'agent:me' });
  });

  it('holds no text in clear, and forgets those about an erased agent; what the views need stays, and its hash', async () => {
    const { did } = newAgent();
    await log(agent(did), { details: { canary } });
    const { id } = await start(agent(did), { parameters: { canary } });
    await end(agent(did), { id, status: 'completed', result: canary });
    for (const table of [
      'governance_logs',
      'workflow_executions',
      'governance_metrics',
      'own_events',
      'own_commands',
    ]) {
      const rows = await audit.rows<{ row: string }>(`SELECT t::text AS row FROM ${table} t`);
      const dump = rows.map(({ row }) => row).join('\n');
      expect([table, dump.includes(canary), dump.includes(Buffer.from(canary).toString('hex'))]).toEqual([
        ...[table, false, false],
      ]);
      expect(rows.length).toBeGreaterThan(0);
    }
    await iam.publish([{ type: AgentErased.type, subject: did, data: { did } }]);
    await iamIsCovered();
    const { items } = await logs(key(), { subject: did });
    expect(items).toEqual([
      expect.objectContaining({
        aim: null,
        details: null,
        original: null,
        integrity: 'intact',
        action: 'review',
      }),
    ]);
    expect(await get(key(), id)).toMatchObject({
      parameters: null,
      result: null,
      integrity: 'intact',
      status: 'completed',
    });
  });

  it('is kept over connections whose state and speed show, as the documentation says', async () => {
    const shown = await audit.ownEvents().transaction(async (em) => {
      await em.getConnection().execute('SELECT 1', [], 'all', em.getTransactionContext());
      return register.metrics();
    });
    expect(shown).toMatch(/concordat_database_connections\{pool="requests",state="used"\} [1-8]\n/);
    expect(shown).toMatch(/concordat_database_connections\{pool="jobs",state="used"\} [0-2]\n/);
    expect(shown).toMatch(/concordat_database_waiting_tasks\{pool="requests"\} \d+\n/);
    expect(shown).toMatch(
      /concordat_database_query_duration_seconds_count\{pool="requests",outcome="ok"\} [1-9]/,
    );
    const page = readFileSync(join(__dirname, '../../../../docs/telemetry.md'), 'utf8');
    const names = new Set([...shown.matchAll(/^# TYPE (concordat_database_\w+)/gm)].map(([, name]) => name!));
    expect(names.size).toBe(3);
    for (const name of names) expect(page).toContain(`\`${name}\``);
    expect((await audit.checks())['database']).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/^answers in \d+ ms; \d connections of requests .* \d+ tasks wait$/),
    });
  });
});
