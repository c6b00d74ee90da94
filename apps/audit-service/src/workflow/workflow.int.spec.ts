import { RecordsDropped, WorkflowEnded, WorkflowStarted } from '@concordat/contracts';
import { createLogger } from '@concordat/runtime';
import { eventually, newAgent } from '@concordat/testing';
import { agent, askingOf, canary, codeOf, key } from '../governance/governance.fixture';
import { dropRecords } from '../retention/dropping-records';
import { retainedOf } from '../retention/retained';
import { recordKinds } from '../retention/retention-rows';
import { type AuditBench, startAuditBench } from '../testing/audit-bench';

jest.setTimeout(60_000);

let audit: AuditBench;
const { log, logs, start, end, get, view, told } = askingOf(() => audit);
beforeAll(async () => {
  audit = await startAuditBench();
  // The tables are made while it starts, which takes as long as it takes.
  await eventually(() => logs(key()));
});
afterAll(() => audit.stop());

describe('a workflow execution', () => {
  it('runs, ends with its result and how long it took, and does not end again', async () => {
    const { did } = newAgent();
    const startedAt = '2026-01-01T00:00:00.000Z';
    const { id } = await start(agent(did), { startedAt, parameters: { secret: canary }, mode: 'GRUNT' });
    expect(await get(agent(did), id)).toMatchObject({
      status: 'running',
      parameters: { secret: canary },
      endedAt: null,
    });
    const endedAt = '2026-01-01T00:00:02.500Z';
    expect(await codeOf(end(agent(did), { id, status: 'failed', endedAt: '2025-12-31T00:00:00Z' }))).toBe(
      'GOVERNANCE_TIME_INVALID',
    );
    const ended = await end(agent(did), { id, status: 'completed', endedAt, result: [canary] });
    expect(ended).toMatchObject({ id, status: 'completed', startedAt, endedAt, durationMs: 2_500 });
    expect(await get(agent(did), id)).toMatchObject({
      ...{ ...ended, integrity: 'intact', result: [canary], endedBy: `agent:${did}` },
    });
    expect(await codeOf(end(agent(did), { id, status: 'failed' }))).toBe('WORKFLOW_ENDED');
    expect((await told(WorkflowEnded.type, id)).data).toMatchObject({ hash: ended.hash, durationMs: 2_500 });
    expect((await told(WorkflowStarted.type, id)).data).toMatchObject({ name: 'nightly', mode: 'GRUNT' });
  });

  it('asked to end by many at once / ends for one of them; a repetition of that one is answered as it was', async () => {
    const { id } = await start(key());
    const asked = Array.from({ length: 6 }, (_, i) =>
      end(key(), { id, status: i % 2 === 0 ? 'completed' : 'failed' }, `end-${id}-${i}`).then(
        (output) => ({ i, output }),
        (error: { code: string }) => error.code,
      ),
    );
    const answers = await Promise.all(asked);
    const won = answers.filter((answer) => typeof answer !== 'string');
    expect(won).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'WORKFLOW_ENDED')).toHaveLength(5);
    const { i, output } = won[0]!;
    expect(await end(key(), { id, status: i % 2 === 0 ? 'completed' : 'failed' }, `end-${id}-${i}`)).toEqual(
      output,
    );
    const { items } = (await audit.caller.call('workflow.list', { limit: 500 })).output;
    expect(items.find((item) => item.id === id)).toMatchObject({ status: output.status });
  });

  it('of somebody else is as one that there is not', async () => {
    const { id } = await start(agent(newAgent().did));
    const nobodys = '0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4bff';
    for (const principal of [agent(newAgent().did), key('acme')])
      for (const named of [id, nobodys]) {
        expect(await codeOf(end(principal, { id: named, status: 'completed' }))).toBe('WORKFLOW_UNKNOWN');
        expect(await codeOf(get(principal, named))).toBe('WORKFLOW_UNKNOWN');
        expect(await codeOf(log(principal, { workflowId: named }))).toBe('WORKFLOW_UNKNOWN');
      }
  });
});

describe('records whose time is over', () => {
  const inHalfAYear = Date.now() + 183 * 86_400_000;
  const clock = { now: () => new Date(inHalfAYear), nowMs: () => inHalfAYear };
  const logger = createLogger({ service: 'audit', instance: 'audit-1', level: 'silent' });
  const run = () => dropRecords({ store: audit.store(), ownEvents: audit.ownEvents(), clock, logger });
  const wouldGo = async () => {
    const all = await retainedOf(audit.store(), 'old', inHalfAYear, { alsoNext: false });
    return all.filter(({ kind }) => (recordKinds as readonly string[]).includes(kind));
  };
  const owner = key('old');
  const modes = async () =>
    (await view('v_drag_mode_distribution', owner)).map(({ mode, total }) => [mode, total]);

  it('go once, with an event that says how many; what runs and what a hold covers stays, as long as it does', async () => {
    for (const correlationId of ['case', 'talk', 'talk']) await log(owner, { correlationId, mode: 'DRAFT' });
    await log(owner);
    const metric = { name: 'reviews.open', value: 2 };
    await audit.caller.call('governance.recordMetric', metric, { principal: owner });
    const [ended, running] = [await start(owner), await start(owner, { name: 'daily' })];
    await end(owner, { id: ended.id, status: 'completed' });
    await log(key('ages'));
    await audit.rows(`INSERT INTO retention_settings VALUES ('ages', 'events', '2020-01-01Z', 'forever')`);
    const hold = { reason: 'Case 4711', correlationId: 'case' };
    const { id } = (await audit.caller.call('audit.placeHold', hold, { principal: owner })).output;
    const would = await wouldGo();
    expect(would.map(({ kind, rows, heldRows }) => [kind, rows, heldRows])).toEqual([
      ...[['governance', 3, 1], ['metrics', 1, 0], ['workflows', 1, 0]], // prettier-ignore
    ]);
    expect(await modes()).toEqual([['DRAFT', 3], ['RESEARCH', 1]]); // prettier-ignore

    await Promise.all([run(), run()]);
    const told = await eventually(async () => {
      const { output } = await audit.caller.call(
        'audit.events',
        { type: RecordsDropped.type },
        { principal: owner },
      );
      expect(output.items).toHaveLength(would.length);
      return output.items.map(
        ({ data }) => data as Record<'kind' | 'from' | 'to', string> & { rows: number; keep: number },
      );
    });
    expect(told.map(({ kind, keep, rows }) => [kind, keep, rows]).sort()).toEqual(
      would.map(({ kind, rows }) => [kind, 90, rows]),
    );
    for (const { kind, from, to } of told) {
      const shown = would.find((one) => one.kind === kind)!;
      expect(from).toBe(shown.from);
      expect([from < to, to <= shown.to]).toEqual([true, true]);
    }
    expect((await logs(owner)).items.map(({ correlationId }) => correlationId)).toEqual(['case']);
    expect((await logs(key('ages'))).items).toHaveLength(1);
    expect(await modes()).toEqual([['DRAFT', 1]]);
    expect(await codeOf(get(owner, ended.id))).toBe('WORKFLOW_UNKNOWN');
    expect(await end(owner, { id: running.id, status: 'completed' })).toMatchObject({ status: 'completed' });
    expect(await view('v_workflow_success_rate', owner)).toMatchObject([{ workflow: 'daily', completed: 1 }]);

    // Of the other rows only the setting was written by hand.
    const bad = async () => (await audit.verify()).faults.map(({ table }) => table);
    expect(await bad()).toEqual(['retention_settings']);
    await audit.rows(`DELETE FROM governance_logs WHERE tenant = 'ages'`);
    await audit.rows(`DELETE FROM workflow_executions WHERE id = '${running.id}'`);
    expect((await bad()).sort()).toEqual(['governance_logs', 'retention_settings', 'workflow_executions']);

    await audit.caller.call('audit.releaseHold', { id }, { principal: owner });
    await run();
    expect([await wouldGo(), await modes(), (await logs(owner)).items]).toEqual([[], [], []]);
  });
});
