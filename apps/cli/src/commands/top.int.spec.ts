import { age } from '../top/sample';
import { CommandLine } from './command-line.fixture';

const unknown = {
  ...{ waiting: null, leased: null, oldestWaitSeconds: null, consumers: null, deadLetters: null },
  ...{ delivered: null, failed: null, expired: null, deliveredPerSecond: null },
};
const topic = {
  ...{ name: 'topic:orders', kind: 'topic', groups: 2, length: null, waiting: 7, leased: 3 },
  ...{ oldestWaitSeconds: 301.2, consumers: null, deadLetters: 1, delivered: 40, failed: 1, expired: 0 },
  deliveredPerSecond: 2.5,
};
const inbox = { ...topic, name: 'inbox', kind: 'inbox', groups: null, waiting: 0, oldestWaitSeconds: null };
const feed = { ...unknown, name: 'feed:bus.0', kind: 'feed', groups: 1, length: 90 };
const letter = {
  ...{ id: 'msg-1-0-01890a5d-ac96-774b-bcce-b302099a8057', queue: 'topic:orders/workers', from: 'x' },
  ...{ type: 'EVENT', correlationId: null, timestamp: '2026-01-01T00:00:00.000Z', attempts: 5, history: [] },
  ...{ failedAt: '2026-01-01T00:01:00.000Z', error: 'no\u001b[2Jway' },
};

let line: CommandLine;
beforeEach(async () => {
  line = await CommandLine.open();
  line.gateway.answers['GET /v1/streams'] = { items: [feed, inbox, topic], nextCursor: null };
  line.gateway.answers['GET /v1/dead-letters'] = { items: [letter], nextCursor: null };
});
afterEach(() => line.close());

describe('top, where there is no terminal', () => {
  it('prints one sample as a table, and a ? where nobody knows', async () => {
    expect(await line.run('top')).toBe(0);
    const rows = line.printed.split('\n').map((row) => row.split(/ {2,}/));
    const [headings, ...others] = rows;
    expect(headings!.slice(0, 7)).toEqual([
      'stream',
      'groups',
      'waiting',
      'leased',
      'oldest',
      'dead',
      'consumers',
    ]);
    expect(others[0]!.slice(0, 4)).toEqual(['feed:bus.0', '1', '?', '-']);
    expect(others[1]!.slice(0, 5)).toEqual(['inbox', '-', '0', '3', '-']);
    expect(others[2]).toEqual(['topic:orders', '2', '7', '3', '5m', '1', '?', '2.5', '40', '1', '0']);
    expect(line.gateway.seen.map(({ route }) => route).sort()).toEqual([
      'GET /v1/dead-letters',
      'GET /v1/streams',
    ]);
  });

  it('names the latest dead letters, which cannot steer the terminal', async () => {
    expect(await line.run('top')).toBe(0);
    expect(line.printed).toMatch(/00:01:00.000Z {2}topic:orders\/workers {2}5 +no\\u001b\[2Jway\n/);
  });

  it('gives programs one sample, in which null is not known', async () => {
    expect(await line.json('top')).toEqual({
      ...{ streams: [feed, inbox, topic], hasMore: false, deadLetters: [letter] },
    });
  });

  it('says that there are more streams', async () => {
    line.gateway.answers['GET /v1/streams'] = { items: [topic], nextCursor: 'x' };
    expect(await line.run('top')).toBe(0);
    expect(line.printed).toContain('The first 1 streams; there are more.');
  });

  it('says why it has no sample', async () => {
    line.gateway.answers['GET /v1/streams'] = 'POLICY_DENIED';
    expect(await line.run('top')).toBe(1);
    expect(line.said).toContain('(POLICY_DENIED)');
  });
});

describe('the age of what waits', () => {
  it.each([
    [null, '?'],
    [0, '0s'],
    [99.9, '99s'],
    [100, '1m'],
    [6_000, '1h'],
    [360_000, '4d'],
  ])('of %s seconds is %s', (seconds, text) => expect(age(seconds)).toBe(text));
});
