import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SeenCall } from '../client/gateway.fixture';
import { CommandLine, withStdin } from './command-line.fixture';

const id = '019adb2c-1c3e-7a2b-9f55-3a0c6d1e2f40';
const time = '2026-01-01T00:00:00.000Z';
const hash = 'ab'.repeat(32);
const recorded = { id, actor: 'apiKey:x', subject: 'apiKey:x', recordedAt: time, hash, integrity: 'intact' };

let line: CommandLine;
beforeEach(async () => (line = await CommandLine.open()));
afterEach(() => line.close());
const asked = () => line.gateway.seen.at(-1)!;

describe('governance log', () => {
  it('records what was done and why', async () => {
    line.gateway.answers['POST /v1/governance/logs'] = { id, recordedAt: time, hash };
    const why = ['--actor', 'Analyst', '--mission', 'Find out.', '--constraint', 'a', '--constraint', 'b'];
    expect(
      await line.run('governance', 'log', 'review', '--mode', 'research', ...why, '--details', '{"n":1}'),
    ).toBe(0);
    expect(asked().body).toEqual({
      ...{ action: 'review', mode: 'RESEARCH', details: { n: 1 } },
      aim: { actor: 'Analyst', mission: 'Find out.', inputConstraints: ['a', 'b'] },
    });
    expect(line.printed).toContain(hash);
  });

  it('without saying why / asks nobody', async () => {
    expect(await line.run('governance', 'log', 'review', '--mode', 'DRAFT')).not.toBe(0);
    expect(line.gateway.seen).toEqual([]);
  });

  it('is searched; a record that was changed is marked', async () => {
    const item = {
      ...{
        ...recorded,
        integrity: 'changed',
        occurredAt: time,
        mode: 'GRUNT',
        action: 'sweep',
        outcome: null,
      },
      ...{ workflowId: null, correlationId: null, aim: null, details: null, original: null },
    };
    line.gateway.answers['GET /v1/governance/logs'] = { items: [item], nextCursor: 'more' };
    expect(await line.run('governance', 'logs', '--mode', 'grunt', '--from', time, '--limit', '1')).toBe(0);
    expect(asked().query).toEqual({ mode: 'GRUNT', from: time, limit: '1' });
    expect(line.printed).toMatch(/GRUNT {2}sweep.*CHANGED/);
    expect(line.said).toContain('there are more');
  });
});

describe('governance workflow', () => {
  it('starts, and ends in one of three ways', async () => {
    line.gateway.answers['POST /v1/governance/workflows'] = {
      ...{ id, status: 'running', startedAt: time, recordedAt: time, hash },
    };
    line.gateway.answers[`PATCH /v1/governance/workflows/${id}`] = ({ body }: SeenCall) => ({
      ...{
        id,
        status: (body as { status: string }).status,
        startedAt: time,
        endedAt: time,
        durationMs: 5,
        hash,
      },
    });
    expect(await line.run('governance', 'workflow', 'start', 'nightly')).toBe(0);
    expect(line.printed).toContain(id);
    for (const [verb, status] of [
      ['complete', 'completed'],
      ['fail', 'failed'],
      ['cancel', 'cancelled'],
    ] as const) {
      expect(await line.run('governance', 'workflow', verb, id, '--result', 'done')).toBe(0);
      expect(asked().body).toEqual({ status, result: 'done' });
      expect(line.printed).toContain(`${id} is ${status}, after 5 ms.`);
    }
  });

  it('that has ended / says so', async () => {
    line.gateway.answers[`PATCH /v1/governance/workflows/${id}`] = 'WORKFLOW_ENDED';
    expect(await line.run('governance', 'workflow', 'complete', id)).toBe(1);
    expect(line.said).toContain('WORKFLOW_ENDED');
  });

  it('is listed', async () => {
    const item = {
      ...{
        ...recorded,
        name: 'nightly',
        mode: null,
        correlationId: null,
        status: 'running',
        startedAt: time,
      },
      ...{ endedAt: null, durationMs: null, endedBy: null, parameters: null, result: null },
    };
    line.gateway.answers['GET /v1/governance/workflows'] = { items: [item], nextCursor: null };
    expect(await line.run('governance', 'workflow', 'list', '--status', 'RUNNING')).toBe(0);
    expect(asked().query).toEqual({ status: 'running', limit: '50' });
    expect(line.printed).toMatch(/nightly {2}running/);
  });
});

it('governance metric records a number and nothing else', async () => {
  line.gateway.answers['POST /v1/governance/metrics'] = { id, recordedAt: time, hash };
  expect(await line.run('governance', 'metric', 'reviews.open', '2.5', '--unit', 'hours')).toBe(0);
  expect(asked().body).toEqual({ name: 'reviews.open', value: 2.5, unit: 'hours' });
  expect(await line.run('governance', 'metric', 'reviews.open', 'many')).not.toBe(0);
});

it('governance view reads a view by its name here or in the database', async () => {
  const empty = {
    ...{
      id: null,
      occurredAt: null,
      actor: null,
      subject: null,
      action: null,
      outcome: null,
      workflowId: null,
    },
    ...{ workflowStatus: null, workflow: null, mode: null, userId: null, userRoles: null, userStatus: null },
    ...{ total: null, running: null, completed: null, failed: null, cancelled: null, successRate: null },
    ...{ averageDurationMs: null, share: null, subjects: null, lastAt: null },
  };
  const row = { ...empty, mode: 'DRAFT', total: 3, share: 0.75, subjects: 2, lastAt: time };
  const view = 'v_drag_mode_distribution';
  line.gateway.answers[`GET /v1/governance/views/${view}`] = { view, items: [row] };
  for (const name of ['drag-mode-distribution', view]) {
    line.printed = '';
    expect(await line.run('governance', 'view', name)).toBe(0);
    expect(line.printed).toMatch(/DRAFT +3 +2 +75\.0 %/);
  }
  expect(await line.run('governance', 'view', 'pg_authid')).not.toBe(0);
});

describe('governance import', () => {
  const file = (text: string): string => {
    const path = join(line.folder, 'old.jsonl');
    writeFileSync(path, text);
    return path;
  };
  /** Refuses lines that hold "bad". */
  const answer = ({ body }: SeenCall) => ({
    items: (body as { lines: string[] }).lines.map((text) =>
      text.includes('bad')
        ? { status: 'refused', id: null, lineHash: hash, problem: 'mode is missing' }
        : { status: text.includes('old') ? 'known' : 'imported', id, lineHash: hash, problem: null },
    ),
  });
  const sent = (): string[][] => line.gateway.seen.map(({ body }) => (body as { lines: string[] }).lines);
  beforeEach(() => void (line.gateway.answers['POST /v1/governance/logs/import'] = answer));

  it('names lines that are wrong by their numbers, and imports the others', async () => {
    const path = file('\uFEFF{"n":1}\r\n\n{"bad":2}\n{"old":3}\n');
    expect(await line.run('governance', 'import', path)).toBe(1);
    expect(sent()).toEqual([['{"n":1}', '{"bad":2}', '{"old":3}']]);
    expect(line.printed).toBe('line 3: mode is missing\n');
    expect(line.said).toContain('1 lines were imported, 1 known already, 1 refused');
  });

  it('in a dry run says what would be', async () => {
    expect(await line.run('governance', 'import', file('{"n":1}'), '--dry-run')).toBe(0);
    expect(asked().body).toMatchObject({ dryRun: true });
    expect(line.said).toContain('1 lines would be imported');
  });

  it('sends as much at once as a request takes, and a line that is too long not at all', async () => {
    const lines = [...Array.from({ length: 150 }, (_, n) => `{"n":${n}}`), `"${'x'.repeat(16_384)}"`];
    // Escaped, these are six times as long.
    lines.push(...Array.from({ length: 20 }, () => '\u0001'.repeat(16_000)));
    expect(await line.run('governance', 'import', file(lines.join('\n')))).toBe(1);
    expect(sent().every((batch) => batch.length <= 100)).toBe(true);
    expect(sent().flat()).toHaveLength(170);
    for (const { body } of line.gateway.seen)
      expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThanOrEqual(1_048_576);
    expect(line.printed).toBe('line 151: is longer than 16384 characters\n');
  });

  it('tells programs of every line', async () => {
    const told = await withStdin('{"n":1}\n{"bad":2}\n', () =>
      line.run('governance', 'import', '-', '-o', 'json'),
    );
    expect(told).toBe(1);
    expect(
      line.printed
        .trim()
        .split('\n')
        .map((text) => JSON.parse(text) as object),
    ).toEqual([
      { line: 1, status: 'imported', id, problem: null },
      { line: 2, status: 'refused', id: null, problem: 'mode is missing' },
    ]);
  });

  it('that is interrupted says what was done, and how to go on', async () => {
    let calls = 0;
    line.gateway.answers['POST /v1/governance/logs/import'] = (call: SeenCall) =>
      ++calls === 1 ? answer(call) : 'POLICY_DENIED';
    const path = file(Array.from({ length: 150 }, (_, n) => `{"n":${n}}`).join('\n'));
    expect(await line.run('governance', 'import', path)).toBe(1);
    expect(line.said).toContain('100 lines were imported');
    expect(line.said).toContain('known lines are passed over');
  });
});
