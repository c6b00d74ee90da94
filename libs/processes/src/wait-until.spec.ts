import { type Clock } from './clock';
import { waitUntil } from './wait-until';

/** Time passes only by sleeping. */
function fakeClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    sleep: async (milliseconds) => {
      now += milliseconds;
    },
  };
}

describe('waiting until something is there', () => {
  it('asks again until it is', async () => {
    let asked = 0;
    const probe = async (): Promise<void> => {
      asked += 1;
      if (asked < 5) throw new Error('not yet');
    };
    await waitUntil(probe, { clock: fakeClock() });
    expect(asked).toBe(5);
  });

  it('ends at the deadline with the last reason', async () => {
    const reasons = ['refused', 'loading'];
    const probe = async (): Promise<void> => {
      throw new Error(reasons.length > 1 ? reasons.shift() : reasons[0]);
    };
    const waiting = waitUntil(probe, { clock: fakeClock(), deadlineMs: 3_000 });
    await expect(waiting).rejects.toThrow('not within 3 s: loading');
  });

  it('ends when it is called off, even during an attempt that hangs', async () => {
    const stop = new AbortController();
    const waiting = waitUntil(() => new Promise(() => undefined), { signal: stop.signal });
    stop.abort(new Error('called off'));
    await expect(waiting).rejects.toThrow('called off');
  });
});
