import { Lag, lagLimit } from './lag';

const at = (position: number, epoch = 1) => ({ epoch, position });

describe('a log that is behind its sources', () => {
  it('raises an alarm when too much waits, and takes it back', () => {
    const lag = new Lag();
    lag.note('bus.0', at(lagLimit + 10), at(11));
    expect(lag.check()).toMatchObject({ ok: true });
    lag.note('bus.0', at(lagLimit + 10), at(10));
    expect(lag.check()).toEqual({ ok: false, detail: `bus.0: ${lagLimit} events behind` });
    lag.note('bus.0', at(lagLimit + 10), at(lagLimit + 10));
    expect(lag.check()).toMatchObject({ ok: true });
  });

  it('raises none by what cannot be counted', () => {
    const lag = new Lag();
    lag.note('bus.0', at(2 * lagLimit, 2), at(1, 1));
    lag.note('bus.1', undefined, at(1));
    expect(lag.check()).toMatchObject({ ok: true });
  });
});
