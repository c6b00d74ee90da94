import { limits } from '@concordat/contracts';
import { administrator, agentPrincipal, directoryAgent, newAgent } from '@concordat/testing';
import { code, every, owner, refuse, ScheduleBench, startMs } from './schedule.fixture';

describe('the life of a schedule', () => {
  let bench: ScheduleBench;
  beforeAll(async () => (bench = await ScheduleBench.start()));
  beforeEach(() => bench.reset());
  afterAll(() => bench.stop());

  it('that was forgotten / is planned anew when it is late, and no other is', async () => {
    await bench.create(every);
    await bench.create({ everySeconds: 3_600 });
    bench.planned = [];
    for (const lateMs of [10_000, 50_000]) {
      bench.nowMs = startMs + 10_000 + lateMs;
      await bench.repair();
    }
    expect(bench.planned).toEqual([startMs + 10_000]);
  });

  describe('that was paused', () => {
    const pause = async (times: Parameters<ScheduleBench['create']>[0] = every): Promise<string> => {
      const { id } = await bench.create(times);
      bench.over = { authorizer: { authorize: refuse('POLICY_DENIED') } };
      for (let time = 1; time <= limits.scheduleRefusals; time++)
        await bench.fireAt(id, startMs + time * 10_000);
      bench.over = {};
      expect(await bench.get(id)).toMatchObject({ status: 'paused', nextAt: null });
      return id;
    };

    it('and is resumed / fires from its next time on, and makes nothing up', async () => {
      const id = await pause();
      bench.nowMs = startMs + 3_605_000;
      bench.planned = [];
      const resumed = await bench.resume(id);
      expect(resumed).toMatchObject({ status: 'active', refusals: 0, nextAt: '2026-03-01T01:00:10.000Z' });
      expect(bench.planned).toEqual([startMs + 3_610_000]);
      expect(bench.told().at(-1)).toBe('resumed');
      await bench.fireAt(id, startMs + 3_610_000);
      expect(bench.sent).toHaveLength(1);
      expect(await bench.get(id)).toMatchObject({ firedAt: '2026-03-01T01:00:10.000Z' });
    });

    it('and is resumed at two gateways / is planned once, and resumed again it stays as it is', async () => {
      const id = await pause();
      const [one, two] = await Promise.all([bench.resume(id), bench.resume(id)]);
      expect(one).toEqual(two);
      const events = bench.told().length;
      bench.nowMs += 3_600_000;
      expect(await bench.resume(id)).toEqual(one);
      expect(bench.told()).toHaveLength(events);
    });

    it('and has no time to come / is not resumed', async () => {
      const id = await pause({ ...every, until: new Date(startMs + 60_000).toISOString() });
      bench.nowMs = startMs + 61_000;
      expect(await code(bench.resume(id))).toBe('SCHEDULE_TIME_INVALID');
      expect(await bench.get(id)).toMatchObject({ status: 'paused' });
    });
  });

  describe('of an owner', () => {
    const entry = directoryAgent(owner, { tenant: 'default' });
    const become = (status: (typeof entry)['status']) =>
      bench.directory.put({ epoch: 1, position: 2 }, { ...entry, status });

    it.each(['revoked', 'erased'] as const)('that was %s / is gone with its message', async (status) => {
      const { id } = await bench.create(every);
      become(status);
      await bench.repair();
      expect(await code(bench.get(id, administrator()))).toBe('SCHEDULE_UNKNOWN');
      expect(
        await bench.redis.exists('cc:{schedules.default}:records', 'cc:{schedules.default}:messages'),
      ).toBe(0);
      expect(bench.forgotten).toEqual([startMs + 10_000]);
      expect(bench.fed.at(-1)).toMatchObject({ actor: 'service:bus', data: { scheduleId: id } });
      expect(bench.told()).toEqual(['created', 'deleted']);
    });

    it('that was suspended, or that the directory does not know / stays', async () => {
      const { id } = await bench.create(every);
      const strange = await bench.create(every, agentPrincipal(newAgent().did));
      become('suspended');
      await bench.repair();
      for (const kept of [id, strange.id]) expect(await code(bench.get(kept, administrator()))).toBe('ok');
    });

    it('whose key was revoked / is gone', async () => {
      const key = administrator();
      const { id } = await bench.create(every, key);
      bench.directory.put(
        { epoch: 1, position: 3 },
        {
          ...{ kind: 'apiKey', tenant: 'default', id: key.id, hash: 'x' },
          ...{ scopes: [], status: 'revoked', expiresAt: null },
        },
      );
      await bench.repair();
      expect(await code(bench.get(id, key))).toBe('SCHEDULE_UNKNOWN');
    });
  });

  describe('of somebody', () => {
    it('is seen by its owner and by administrators of the tenant, and is absent for all others', async () => {
      const { id } = await bench.create(every);
      expect(await bench.get(id)).toMatchObject({ id, message: { payload: 'x' } });
      expect(await code(bench.get(id, administrator()))).toBe('ok');
      const sameDid = agentPrincipal(owner.did, 'acme');
      for (const other of [agentPrincipal(newAgent().did), administrator('acme'), sameDid]) {
        expect(await code(bench.get(id, other))).toBe('SCHEDULE_UNKNOWN');
        const page = await bench.handlers()['schedule.list']({ limit: 50 }, bench.context(other));
        expect(page.output).toEqual({ items: [], nextCursor: null });
        expect(await code(bench.delete(id, other))).toBe('SCHEDULE_UNKNOWN');
        expect(await code(bench.resume(id, other))).toBe('SCHEDULE_UNKNOWN');
      }
      expect(bench.told()).toEqual(['created']);
    });

    it('and deleted / does not fire any more, and makes room', async () => {
      const { id } = await bench.create(every);
      await bench.delete(id);
      await bench.fireAt(id, startMs + 10_000);
      expect([bench.sent, bench.told()]).toEqual([[], ['created', 'deleted']]);
      expect(await code(bench.get(id))).toBe('SCHEDULE_UNKNOWN');
      expect(await bench.redis.hgetall('cc:{schedules.default}:totals')).toEqual({ bytes: '0' });
    });
  });
});
