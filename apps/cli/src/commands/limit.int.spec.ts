import { CommandLine } from './command-line.fixture';

let line: CommandLine;
beforeEach(async () => void (line = await CommandLine.open()));
afterEach(() => line.close());

const id = '0'.repeat(16);
const path = `/v1/limits/apiKey/${id}`;
const limit = {
  ...{
    kind: 'apiKey',
    id,
    requestsPerSecond: 50,
    burst: null,
    messagesPerMinute: null,
    messagesPerDay: 1_000,
  },
  updatedAt: '2026-01-01T00:00:00.000Z',
};

describe('limits', () => {
  it('are set with what is named and nothing else', async () => {
    const { answers, seen } = line.gateway;
    answers[`PUT ${path}`] = limit;
    const amounts = ['--requests-per-second', '50', '--messages-per-day', '1000'];
    expect(await line.json('limit', 'set', 'apikey', id, ...amounts)).toEqual(limit);
    expect(seen.at(-1)!.body).toEqual({ requestsPerSecond: 50, messagesPerDay: 1_000 });
  });

  it('of what is none, or of nothing / are refused before anybody is asked', async () => {
    const before = line.gateway.seen.length;
    expect(await line.run('limit', 'set', 'address', id, '--burst', '1')).not.toBe(0);
    expect(line.said).toContain('Allowed: agent, user, apiKey, tenant');
    expect(await line.run('limit', 'set', 'apiKey', id, '--requests-per-second', '0')).not.toBe(0);
    expect(line.gateway.seen).toHaveLength(before);
  });

  it('are listed and deleted', async () => {
    const { answers } = line.gateway;
    answers['GET /v1/limits'] = { items: [limit], nextCursor: null };
    answers[`DELETE ${path}`] = { kind: 'apiKey', id, deletedAt: limit.updatedAt };
    expect(await line.run('limit', 'list')).toBe(0);
    expect(line.printed).toMatch(/apiKey +0{16} +50 +default +default +1000/);
    expect(await line.run('limit', 'delete', 'apiKey', id)).toBe(0);
    expect(line.printed).toContain(`The limit of apiKey ${id} is deleted.`);
  });
});
