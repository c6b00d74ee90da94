import { WorkflowEnded, WorkflowStarted } from '@concordat/contracts';
import { eventually, newAgent } from '@concordat/testing';
import { agent, askingOf, canary, codeOf, key } from '../governance/governance.fixture';
import { type AuditBench, startAuditBench } from '../testing/audit-bench';

jest.setTimeout(60_000);

let audit: AuditBench;
const { log, logs, start, end, get, told } = askingOf(() => audit);
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
