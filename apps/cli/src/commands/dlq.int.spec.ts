import { type LocalAgent } from '../client/agent-files';
import { messageId as id } from '../message/delivery.fixture';
import { CommandLine } from './command-line.fixture';

let line: CommandLine;
let ada: LocalAgent;
let letter: object;
const other = id.replace(/.$/, '8');
beforeEach(async () => {
  line = await CommandLine.open();
  ada = await line.localAgent('ada');
  const time = '2026-01-01T00:00:00.000Z';
  letter = {
    ...{ id, queue: ada.did, from: ada.did, type: 'QUERY', correlationId: null, timestamp: time },
    ...{ failedAt: time, attempts: 5, error: 'no such\u001b[2Jbook' },
    history: [{ attempt: 5, at: time, cause: 'nack', error: 'no such book' }],
  };
  const found = { items: [{ id, queue: ada.did }], dryRun: false, hasMore: false };
  const { answers } = line.gateway;
  answers['GET /v1/dead-letters'] = { items: [letter], nextCursor: null };
  answers[`GET /v1/dead-letters/${id}`] = { ...letter, payload: { question: 1 } };
  answers['POST /v1/dead-letters/replay'] = ({ body }: { body: { dryRun: boolean } }) => ({
    ...{ ...found, dryRun: body.dryRun, hasMore: true },
  });
  answers['DELETE /v1/dead-letters'] = ({ query }: { query: { dryRun: string } }) => ({
    ...{ ...found, dryRun: query.dryRun === 'true' },
  });
});
afterEach(() => line.close());

const asked = () => line.gateway.seen.map(({ query, body }) => body ?? query);

describe('dlq', () => {
  it('lists what the filters find, and cannot be made to steer the terminal', async () => {
    const filters = ['--queue', 'ada', '--from', 'apiKey:0123456789abcdef', '--type', 'query'];
    const more = ['--error', 'book', '--failed-before', '2026-02-01T00:00:00Z', '--limit', '5'];
    expect(await line.run('dlq', 'list', ...filters, ...more)).toBe(0);
    expect(asked()).toEqual([
      {
        ...{ queue: ada.did, from: 'apiKey:0123456789abcdef', type: 'QUERY', error: 'book', limit: '5' },
        failedBefore: '2026-02-01T00:00:00Z',
      },
    ]);
    expect(line.printed).toContain('no such\\u001b[2Jbook');
  });

  it('shows one with its attempts and its payload', async () => {
    expect(await line.run('dlq', 'show', id, '--queue', 'topic:news/readers')).toBe(0);
    expect(asked()).toEqual([{ queue: 'topic:news/readers' }]);
    expect(line.printed).toMatch(/5 +2026-01-01T00:00:00.000Z +nack +no such book/);
    expect(line.printed).toContain('"question": 1');
  });

  it('replays by ids or by a filter, or only says which', async () => {
    expect(await line.run('dlq', 'replay', id, other)).toBe(0);
    expect(await line.run('dlq', 'replay', '--queue', 'ada', '--dry-run')).toBe(0);
    expect(asked()).toEqual([
      { ids: [id, other], dryRun: false },
      { queue: ada.did, dryRun: true },
    ]);
    expect(line.said).toContain('1 dead letters are replayed');
    expect(line.said).toContain('1 dead letters would be replayed');
    expect(line.said).toContain('repeat the command');
  });

  it('purges each that is named', async () => {
    expect(await line.run('dlq', 'purge', id, other)).toBe(0);
    expect(asked()).toEqual([
      { id, dryRun: 'false' },
      { id: other, dryRun: 'false' },
    ]);
  });

  it('purges what a filter finds only after a yes', async () => {
    expect(await line.run('dlq', 'purge', '--queue', 'ada')).toBe(1);
    expect(line.said).toContain('with --yes; --dry-run shows it first');
    expect(await line.run('dlq', 'purge', '--queue', 'ada', '--dry-run')).toBe(0);
    expect(asked().every((query) => (query as { dryRun: string }).dryRun === 'true')).toBe(true);
    expect(await line.run('dlq', 'purge', '--queue', 'ada', '--yes')).toBe(0);
    expect(asked().at(-1)).toEqual({ queue: ada.did, dryRun: 'false' });
  });

  it.each([
    [['dlq', 'purge', '--yes'], 'Say which: ids, or a filter'],
    [['dlq', 'replay'], 'Say which: ids, or a filter'],
    [['dlq', 'purge', id, '--type', 'query'], 'not both'],
    [['dlq', 'list', '--queue', 'topic:news'], 'is no group of a topic'],
  ])('%j leaves open what is meant, and does nothing', async (argv, why) => {
    expect(await line.run(...argv)).toBe(1);
    expect(line.said).toContain(why);
    expect(line.gateway.seen).toEqual([]);
  });
});
