import { ConcordatError, type LimitSetting } from '@concordat/contracts';
import { LimitSettings } from './limit-settings';
import type { StoredLimits } from './limit-store';

const setting = (requestsPerSecond: number): LimitSetting => ({
  ...{ kind: 'agent', id: 'ada', requestsPerSecond, burst: null },
  ...{ messagesPerMinute: null, messagesPerDay: null, updatedAt: '2026-01-01T00:00:00.000Z' },
});

describe('the settings that a gateway knows', () => {
  /** A store whose readings end when they are told to, and a clock that stands still. */
  function start() {
    const world = { nowMs: 0, rate: 1, isAway: false, readings: [] as string[], failures: 0 };
    const read = async (tenant: string): Promise<StoredLimits> => {
      world.readings.push(tenant);
      if (world.isAway) throw new ConcordatError('SERVICE_UNAVAILABLE');
      return { revision: String(world.rate), settings: new Map([['agent ada', setting(world.rate)]]) };
    };
    const settings = new LimitSettings(
      { read },
      () => world.nowMs,
      () => void world.failures++,
    );
    const rate = async (tenant = 't') => (await settings.of(tenant)).get('agent ada')?.requestsPerSecond;
    return { world, settings, rate };
  }

  it('are read before the first request, and used without a reading for a while', async () => {
    const { world, rate } = start();
    for (let times = 0; times < 100; times++) expect(await rate()).toBe(1);
    expect(world.readings).toEqual(['t']);
    expect(await rate('u')).toBe(1);
    expect(world.readings).toEqual(['t', 'u']);
  });

  it('are never used when they are older than a second, and nobody waits who comes often enough', async () => {
    const { world, rate } = start();
    await rate();
    world.rate = 2;
    world.nowMs = 999;
    expect(await rate()).toBe(1);
    world.nowMs = 1_000;
    expect(await rate()).toBe(2);
    world.rate = 3;
    world.nowMs = 5_000;
    expect(await rate()).toBe(3);
  });

  it('changed here / are read anew at once', async () => {
    const { world, settings, rate } = start();
    await rate();
    world.rate = 2;
    settings.changed('t');
    expect(await rate()).toBe(2);
  });

  it('that cannot be read / are those of before, and it is tried again twice a second', async () => {
    const { world, rate } = start();
    await rate();
    world.isAway = true;
    for (world.nowMs = 2_000; world.nowMs < 3_000; world.nowMs += 10) expect(await rate()).toBe(1);
    expect(world.failures).toBe(2);
    world.isAway = false;
    world.rate = 2;
    expect(await rate()).toBe(2);
  });

  it('that were never read / are the defaults', async () => {
    const { world, rate } = start();
    world.isAway = true;
    expect(await rate()).toBeUndefined();
  });
});
