import { LoginThrottle } from './login-throttle';

describe('failed logins of a source', () => {
  let nowMs: number;
  let throttle: LoginThrottle;
  beforeEach(() => {
    nowMs = 0;
    throttle = new LoginThrottle(() => nowMs);
  });
  const isHeld = (source: string): boolean => {
    try {
      throttle.require(source);
      return false;
    } catch (error) {
      expect(error).toMatchObject({ code: 'LOGIN_THROTTLED', retryAfterSeconds: 15 });
      return true;
    }
  };
  const fail = (source: string, times = 20): void => {
    for (let time = 1; time <= times; time++) throttle.failed(source);
  };

  it('may be twenty at once, then one in fifteen seconds', () => {
    fail('192.0.2.1', 19);
    expect(isHeld('192.0.2.1')).toBe(false);
    fail('192.0.2.1', 1);
    expect(isHeld('192.0.2.1')).toBe(true);
    nowMs += 14_999;
    expect(isHeld('192.0.2.1')).toBe(true);
    nowMs += 1;
    expect(isHeld('192.0.2.1')).toBe(false);
    fail('192.0.2.1', 1);
    expect(isHeld('192.0.2.1')).toBe(true);
  });

  it('concern no other source, and nobody whose source is not known', () => {
    fail('192.0.2.1', 100);
    fail('', 100);
    expect([isHeld('192.0.2.2'), isHeld('')]).toEqual([false, false]);
  });

  it('are those of a whole /64 of IPv6, however it is written, and of IPv4 inside IPv6', () => {
    fail('2001:db8:0:1:aaaa::1');
    for (const same of ['2001:db8:0:1::', '2001:DB8::1:0:0:0:9', '2001:0db8:0000:0001:1:2:3:4'])
      expect([same, isHeld(same)]).toEqual([same, true]);
    for (const other of ['2001:db8:0:2::1', '2001:db8::1', '::1', 'fe80::1%eth0'])
      expect([other, isHeld(other)]).toEqual([other, false]);
    fail('::ffff:192.0.2.9');
    expect(isHeld('192.0.2.9')).toBe(true);
  });

  it('are those of a whole /48 too, which has five times as many: hosts are easily made there', () => {
    for (let host = 1; host <= 5; host++) fail(`2001:db8:7:${host}::1`);
    expect([isHeld('2001:db8:7:ffff::1'), isHeld('2001:db8:8::1')]).toEqual([true, false]);
    nowMs += 3_000;
    expect([isHeld('2001:db8:7:ffff::1'), isHeld('2001:db8:7:1::1')]).toEqual([false, true]);
  });
});
