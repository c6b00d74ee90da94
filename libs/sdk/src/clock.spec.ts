import { systemClock } from './clock';

describe('the clock of the system', () => {
  it('waits, unless it is told that there is no need', async () => {
    const begun = systemClock.nowMs();
    await systemClock.sleep(5, new AbortController().signal);
    expect(systemClock.nowMs() - begun).toBeGreaterThanOrEqual(4);
    await expect(systemClock.sleep(60_000, AbortSignal.abort())).rejects.toThrow();
  });

  it('rings, but not after it was taken back, and not at once when the time is too long for a timer', async () => {
    const rung: string[] = [];
    const back = [
      systemClock.setAlarm(1, () => rung.push('back')),
      systemClock.setAlarm(Infinity, () => rung.push('late')),
    ];
    back[0]!();
    await new Promise<void>((resolve) => systemClock.setAlarm(10, resolve));
    back[1]!();
    expect(rung).toEqual([]);
  });
});
