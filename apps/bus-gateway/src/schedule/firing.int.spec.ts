import { ConcordatError, limits, type Principal } from '@concordat/contracts';
import { administrator, agentPrincipal, directoryAgent, newAgent } from '@concordat/testing';
import { fire } from './firing';
import { agent, code, every, owner, refuse, ScheduleBench, startMs } from './schedule.fixture';

describe('a schedule', () => {
  let bench: ScheduleBench;
  beforeAll(async () => (bench = await ScheduleBench.start()));
  beforeEach(() => bench.reset());
  afterAll(() => bench.stop());

  describe('whose time has come', () => {
    it('fires once for it, whoever tries again, and is planned for the next one', async () => {
      const { id } = await bench.create(every);
      for (let gateway = 0; gateway < 3; gateway++) await bench.fireAt(id, startMs + 10_000);
      expect(bench.sent).toHaveLength(1);
      expect(await bench.get(id)).toMatchObject({
        ...{ firedAt: '2026-03-01T00:00:10.000Z', nextAt: '2026-03-01T00:00:20.000Z', refusals: 0 },
      });
      expect(new Set(bench.planned)).toEqual(new Set([startMs + 10_000, startMs + 20_000]));
      expect(bench.told()).toEqual(['created', 'fired']);
    });

    it('at two gateways at once / is the same command at both', async () => {
      const { id } = await bench.create(every);
      bench.nowMs = startMs + 10_000;
      await Promise.all([1, 2].map(() => fire(bench.ports(), 'default', id, bench.nowMs)));
      expect(new Set(bench.sent).size).toBe(1);
      await bench.fireAt(id, startMs + 20_000);
      expect(new Set(bench.sent).size).toBe(2);
    });

    it('and whose answer was lost / is the same command when it is tried again', async () => {
      const { id } = await bench.create(every);
      const { send } = bench.ports();
      bench.over = {
        send: async (...asked) => {
          await send(...asked);
          throw new ConcordatError('SERVICE_UNAVAILABLE');
        },
      };
      expect(await code(bench.fireAt(id, startMs + 10_000))).toBe('SERVICE_UNAVAILABLE');
      expect(await bench.get(id)).toMatchObject({ firedAt: null, refusals: 0 });
      bench.over = {};
      await bench.fireAt(id, startMs + 10_000, 9_000);
      expect(bench.sent).toHaveLength(2);
      expect(new Set(bench.sent).size).toBe(1);
    });

    it('after an outage / fires once, for the latest time missed', async () => {
      const { id } = await bench.create({ cron: '0 * * * *' });
      await bench.fireAt(id, startMs + 3_600_000, 5 * 3_600_000 + 1);
      expect(bench.sent).toHaveLength(1);
      expect(await bench.get(id)).toMatchObject({
        ...{ firedAt: '2026-03-01T06:00:00.000Z', nextAt: '2026-03-01T07:00:00.000Z' },
      });
    });

    it('for the last time / is gone then, and leaves nothing behind', async () => {
      const { id } = await bench.create({ at: '2026-03-01T00:00:10.000Z' });
      await bench.fireAt(id, startMs + 10_000, 86_400_000);
      expect(bench.sent).toHaveLength(1);
      expect(await code(bench.get(id))).toBe('SCHEDULE_UNKNOWN');
      expect(await bench.redis.hgetall('cc:{schedules.default}:totals')).toEqual({ bytes: '0' });
      expect(await bench.redis.exists('cc:{schedules.default}:messages')).toBe(0);
    });
  });

  describe('that is refused', () => {
    const skipped = () =>
      bench.fed.filter(({ spec }) => spec.type.includes('skipped')).map(({ data }) => data);

    it.each([
      ['by a policy', { authorizer: { authorize: refuse('POLICY_DENIED') } }, 'POLICY_DENIED'],
      [
        'by a quota',
        { limits: { admitMessages: () => Promise.reject(new ConcordatError('QUOTA_EXCEEDED')) } },
        'QUOTA_EXCEEDED',
      ],
      [
        'by the bus',
        { send: () => Promise.reject(new ConcordatError('RECIPIENT_UNKNOWN')) },
        'RECIPIENT_UNKNOWN',
      ],
    ])('%s / sends nothing, is told in the trail, and goes on', async (_by, refusal, reason) => {
      const { id } = await bench.create(every);
      bench.over = refusal;
      await bench.fireAt(id, startMs + 10_000);
      expect(bench.sent).toEqual([]);
      expect(skipped()).toMatchObject([{ code: reason, refusals: 1, paused: false, scheduleId: id }]);
      bench.over = {};
      await bench.fireAt(id, startMs + 20_000);
      expect(await bench.get(id)).toMatchObject({ refusals: 0, firedAt: '2026-03-01T00:00:20.000Z' });
    });

    it('because its owner was suspended / sends nothing', async () => {
      const { id } = await bench.create(every);
      const entry = directoryAgent(owner, { tenant: 'default' });
      bench.directory.put({ epoch: 1, position: 2 }, { ...entry, status: 'suspended' });
      await bench.fireAt(id, startMs + 10_000);
      expect(skipped()).toMatchObject([{ code: 'CREDENTIAL_INVALID' }]);
      expect(bench.sent).toEqual([]);
    });

    it('by a key that may not write any more / sends nothing', async () => {
      const key = administrator();
      const { id } = await bench.create(every, key);
      bench.directory.put(
        { epoch: 1, position: 3 },
        {
          ...{ kind: 'apiKey', tenant: 'default', id: key.id, hash: 'x' },
          ...{ scopes: ['read'], status: 'active', expiresAt: null },
        },
      );
      await bench.fireAt(id, startMs + 10_000);
      expect(skipped()).toMatchObject([{ code: 'SCOPE_MISSING' }]);
    });

    it('again and again / pauses, and does not fire any more', async () => {
      const { id } = await bench.create(every);
      bench.over = { authorizer: { authorize: refuse('POLICY_DENIED') } };
      for (let time = 1; time <= limits.scheduleRefusals; time++)
        await bench.fireAt(id, startMs + time * 10_000);
      expect(skipped().map(({ paused }) => paused)).toEqual([false, false, false, false, true]);
      bench.over = {};
      await bench.fireAt(id, startMs + 60_000);
      expect(bench.sent).toEqual([]);
      expect(await bench.get(id)).toMatchObject({ status: 'paused', nextAt: null, refusals: 5 });
    });

    it('as everybody is for now / stays as it is, and is tried again', async () => {
      const { id } = await bench.create(every);
      bench.over = { freshness: { require: refuse('SERVICE_UNAVAILABLE') } };
      expect(await code(bench.fireAt(id, startMs + 10_000))).toBe('SERVICE_UNAVAILABLE');
      expect([await bench.get(id), bench.told()]).toMatchObject([{ refusals: 0 }, ['created']]);
    });
  });

  describe('that is made', () => {
    it('again with the same key / is the same, and with another request refused', async () => {
      const first = await bench.create(every, agent, 'once');
      expect(await bench.create(every, agent, 'once')).toEqual(first);
      expect(await code(bench.create({ everySeconds: 20 }, agent, 'once'))).toBe('IDEMPOTENCY_KEY_REUSED');
      expect(bench.told()).toEqual(['created']);
    });

    it('for what its owner may not send / is refused', async () => {
      bench.over = { authorizer: { authorize: refuse('POLICY_DENIED') } };
      expect(await code(bench.create(every))).toBe('POLICY_DENIED');
      expect(bench.fed).toEqual([]);
    });

    it('with the right of another / is refused: it would outlive the delegation', async () => {
      const delegated = { ...agent, actors: [newAgent().did], delegations: ['d'] } as Principal;
      expect(await code(bench.create(every, delegated))).toBe('DELEGATION_FORBIDDEN');
    });

    it('beyond what one owner may have / is refused, and another owner is not', async () => {
      await Promise.all(Array.from({ length: limits.schedulesPerOwner }, () => bench.create(every)));
      expect(await code(bench.create(every))).toBe('SCHEDULES_FULL');
      expect(await code(bench.create(every, agentPrincipal(newAgent().did)))).toBe('ok');
    });

    it('beyond the bytes of the tenant / is refused, and nothing is told', async () => {
      await bench.redis.hset('cc:{schedules.default}:totals', 'bytes', limits.scheduleStoreBytes - 1_000);
      expect(await code(bench.create(every, agent, undefined, 'x'.repeat(1_000)))).toBe('SCHEDULES_FULL');
      expect(bench.fed).toEqual([]);
    });
  });
});
