import { InFlight } from './in-flight';

describe('deliveries in flight', () => {
  const begin = (credits: number) => {
    const clock = { now: 0 };
    const inFlight = new InFlight(() => clock.now);
    return { clock, inFlight, window: inFlight.open('inbox', credits) };
  };
  const idle = new AbortController().signal;

  it('use up credits, and give them back when settled, wherever the settlement is told', () => {
    const { inFlight, window } = begin(2);
    const other = inFlight.open('inbox', 5);
    window.add(['a', 'b'], 1_000);
    expect([window.free, other.free]).toEqual([0, 5]);
    inFlight.settled('another inbox', ['a']);
    expect(window.free).toBe(0);
    inFlight.settled('inbox', ['a', 'unknown']);
    expect([window.free, window.has('a'), window.has('b')]).toEqual([1, false, true]);
  });

  it('end with their lease; one that is handed out again lasts anew', () => {
    const { clock, window } = begin(2);
    window.add(['a'], 1_000);
    clock.now = 500;
    window.add(['b'], 1_000);
    window.add(['a'], 1_000);
    clock.now = 1_499;
    expect([window.has('a'), window.has('b'), window.free]).toEqual([true, true, 0]);
    clock.now = 1_500;
    expect([window.has('a'), window.has('b'), window.free]).toEqual([false, false, 2]);
  });

  it('may become more, up to a bound', () => {
    const { window } = begin(1);
    window.grant(5, 4);
    expect(window.free).toBe(4);
  });

  it.each<[string, (bench: ReturnType<typeof begin>, gone: AbortController) => void]>([
    ['one is settled', ({ inFlight }) => inFlight.settled('inbox', ['a'])],
    ['a credit is granted', ({ window }) => window.grant(1, 10)],
    ['the caller goes', (_bench, gone) => gone.abort()],
  ])('are waited for until %s', async (_what, happen) => {
    const bench = begin(1);
    const gone = new AbortController();
    bench.window.add(['a'], 1_000_000);
    let isFree = false;
    const freed = bench.window.freed(gone.signal).then(() => (isFree = true));
    await Promise.resolve();
    expect(isFree).toBe(false);
    happen(bench, gone);
    await freed;
  });

  it('are not waited for when there is room', () =>
    expect(begin(1).window.freed(idle)).resolves.toBeUndefined());

  it('of a subscription that has ended / are nobody’s', () => {
    const { inFlight, window } = begin(1);
    window.add(['a'], 1_000);
    window.close();
    inFlight.settled('inbox', ['a']);
    expect(window.has('a')).toBe(true);
  });
});
