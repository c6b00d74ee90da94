import { CommandLine } from './command-line.fixture';

const id = `sch_${'0'.repeat(32)}`;
const kept = {
  ...{ id, name: 'morning', owner: 'apiKey:x', status: 'active', to: 'topic:news', type: 'EVENT', at: null },
  ...{ cron: '0 8 * * *', timezone: 'Europe/Berlin', everySeconds: null, until: null, refusals: 0 },
  ...{ nextAt: '2026-03-01T07:00:00.000Z', firedAt: null, createdAt: '2026-02-01T00:00:00.000Z' },
};

let line: CommandLine;
beforeEach(async () => (line = await CommandLine.open()));
afterEach(() => line.close());

describe('schedules', () => {
  const shown = { ...kept, message: { to: kept.to, type: 'EVENT', payload: 1, priority: 'NORMAL' } };

  it('are listed, shown and deleted', async () => {
    line.gateway.answers['GET /v1/schedules'] = { items: [kept], nextCursor: null };
    line.gateway.answers[`GET /v1/schedules/${id}`] = shown;
    line.gateway.answers[`DELETE /v1/schedules/${id}`] = { id, deletedAt: kept.createdAt };
    expect(await line.json('schedule', 'show', id)).toEqual(shown);
    line.printed = '';
    expect(await line.run('schedule', 'list')).toBe(0);
    expect(line.printed).toMatch(/morning.*0 8 \* \* \* Europe\/Berlin.*2026-03-01T07:00/);
    expect(await line.run('schedule', 'delete', id)).toBe(0);
    expect(line.printed).toContain(`${id} is deleted.`);
  });

  it('oftener than they may be / are asked of nobody', async () => {
    const asked = line.run('schedule', 'create', 'Bob', 'x', '--every-seconds', '9');
    expect(await asked).not.toBe(0);
    expect(line.gateway.seen).toEqual([]);
  });
});
