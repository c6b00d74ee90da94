import { startPostgres } from '@concordat/processes';
import { LogState } from '../log/log-rows';
import { AuditStore } from './audit-store';
import { queryRows } from './bulk';
import { makeOrm } from './orm';
import type { Snapshot } from './statement';

describe('a snapshot', () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  let store: AuditStore;

  beforeAll(async () => {
    postgres = await startPostgres();
    const ignore = (): void => undefined;
    store = new AuditStore(
      makeOrm({ databaseUrl: postgres.url, instance: 'snapshot', entities: [LogState], log: ignore }),
    );
    await store.transaction((em) => queryRows(em, 'CREATE TABLE counted (place int4)'));
  });
  afterAll(async () => {
    await store.close();
    await postgres.stop();
  });

  const count = async (snapshot: Snapshot): Promise<number> => {
    const [row] = await queryRows<{ count: number }>(snapshot, 'SELECT count(*)::int4 FROM counted');
    return row!.count;
  };
  const settingOf = async (snapshot: Snapshot): Promise<string> => {
    const [row] = await queryRows<{ value: string }>(
      snapshot,
      `SELECT current_setting('enable_sort') AS value`,
    );
    return row!.value;
  };

  it('sees nothing of what is committed meanwhile', async () => {
    const [before, after] = await store.snapshot(async (snapshot) => {
      const first = await count(snapshot);
      await store.transaction((em) => queryRows(em, 'INSERT INTO counted VALUES (?)', [1]));
      return [first, await count(snapshot)];
    });
    expect(after).toBe(before);
    expect(await store.snapshot(count)).toBe(before! + 1);
  });

  it('plans as it is told, and leaves nothing of that to the next one', async () => {
    expect(await store.snapshot(settingOf, { enable_sort: 'off' })).toBe('off');
    expect(await store.snapshot(settingOf)).toBe('on');
  });

  it('writes nothing, and is over with its error: its connection serves the next one', async () => {
    for (let i = 0; i < 20; i++)
      await expect(
        store.snapshot((snapshot) => queryRows(snapshot, 'DELETE FROM counted')),
      ).rejects.toMatchObject({ code: '25006' });
    expect(await store.snapshot(settingOf)).toBe('on');
  });

  it('carries out nothing any more when it is over', async () => {
    const kept = await store.snapshot((snapshot) => Promise.resolve(snapshot));
    await expect(queryRows(kept, 'SELECT 1')).rejects.toThrow('the snapshot is over');
  });
});
