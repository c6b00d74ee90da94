import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeEventStore, request } from '../event-store.conformance';
import { eventPosition, refusal } from '../projection';
import { beginEpoch } from './prepare-file';
import { SqliteEventStore } from './sqlite-event-store';

const migrations = {
  room: 'test',
  list: [{ id: 1, name: 'seen', sql: 'CREATE TABLE seen (id TEXT PRIMARY KEY, position INTEGER) STRICT' }],
};

function open(folder: string, source = 'iam'): SqliteEventStore {
  const fail = (error: Error): void => {
    throw error;
  };
  return new SqliteEventStore({
    file: join(folder, 'events.db'),
    source,
    migrations,
    now: () => new Date(1_700_000_000_000),
    onFailure: fail,
  });
}

const temporary = (): string => mkdtempSync(join(tmpdir(), 'concordat-events-'));

describeEventStore('in SQLite', () => {
  const folder = temporary();
  const store = open(folder);
  return {
    store,
    cleanUp: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
});

describe('the SQLite event store', () => {
  let folder: string;
  let store: SqliteEventStore;
  beforeEach(() => {
    folder = temporary();
    store = open(folder);
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  const see = (id: string) => ({ sql: `INSERT INTO seen VALUES (?, ${eventPosition})`, params: [id] });

  it('runs projections in the transaction of their events, at their position', async () => {
    await store.append(request({ effects: [see('a')] }));
    await store.append(request({ expectedVersion: 1, effects: [see('b')] }));
    expect(store.reader.prepare('SELECT * FROM seen').all()).toEqual([
      { id: 'a', position: 1 },
      { id: 'b', position: 2 },
    ]);
  });

  it('keeps neither events nor memo when a projection fails, and others of the batch are unharmed', async () => {
    await store.append(request({ effects: [see('a')] }));
    const command = { id: 'k', digest: Buffer.from('d') };
    const outcomes = await Promise.allSettled([
      store.append(request({ stream: 'apiKey/2', command, effects: [see('a')] })),
      store.append(request({ stream: 'apiKey/3' })),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect((await store.head()).at.position).toBe(2);
    expect(await store.findCommand('t1', 'k')).toBeUndefined();
  });

  it('refuses a command by a rule over read models, which has seen every command before it', async () => {
    const atMost = (count: number) =>
      refusal({
        code: 'OVERLOADED',
        detail: 'That is enough: so it is.',
        when: '(SELECT count(*) FROM seen) >= ?',
        params: [count],
      });
    const command = { id: 'k', digest: Buffer.from('d') };
    const outcomes = await Promise.allSettled(
      ['a', 'b', 'c'].map((id) =>
        store.append(
          request({
            stream: `apiKey/${id}`,
            effects: [atMost(2), see(id)],
            ...(id === 'c' && { command }),
          }),
        ),
      ),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(outcomes[2]).toMatchObject({
      reason: { name: 'ConcordatError', code: 'OVERLOADED', detail: 'That is enough: so it is.' },
    });
    expect((await store.head()).at.position).toBe(2);
    expect(await store.findCommand('t1', 'k')).toBeUndefined();
  });

  it('writes what no event stands behind, and the history does not notice', async () => {
    const before = await store.append(request());
    await store.write([see('a'), see('b')]);
    expect(store.reader.prepare('SELECT count(*) AS n FROM seen').get()).toEqual({ n: 2 });
    expect(await store.head()).toEqual(before);
  });

  it('continues where it was after it is opened anew', async () => {
    const head = await store.append(request());
    await store.close();
    store = open(folder);
    expect(await store.head()).toEqual(head);
    expect(store.epoch).toBe(1_700_000_000_000);
  });

  it('writes under a later epoch after a restore, with positions that go on', async () => {
    const before = await store.append(request());
    await store.close();
    const epoch = beginEpoch(join(folder, 'events.db'), 0);
    store = open(folder);
    const after = await store.append(request({ expectedVersion: 1 }));
    expect(epoch).toBe(1_700_000_000_001);
    expect(after.at).toEqual({ epoch, position: 2 });
    expect((await store.eventAt(2))!.prev).toEqual(before.at);
  });

  it('refuses the file of another service', async () => {
    await store.close();
    expect(() => open(folder, 'vault')).toThrow('holds the events of iam, not of vault');
    store = open(folder);
  });

  it('appends thousands of concurrent commands in a few transactions', async () => {
    const appends = Array.from({ length: 2_000 }, (_, i) => store.append(request({ stream: `apiKey/${i}` })));
    const heads = await Promise.all(appends);
    expect(new Set(heads.map(({ at }) => at.position)).size).toBe(2_000);
  });
});
