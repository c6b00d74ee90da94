import { ConcordatError, limits } from '@concordat/contracts';
import { OpenStreams } from './open-streams';

describe('what is open at a gateway', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const begin = () => {
    const directory = { version: 1 };
    const freshness: { staleness: string | undefined } = { staleness: undefined };
    const streams = new OpenStreams({ directory, freshness, monotonicMs: () => performance.now() });
    return { directory, freshness, streams };
  };
  const codeOf = (signal: AbortSignal): unknown =>
    signal.aborted ? (signal.reason as ConcordatError).code : undefined;

  it('is judged anew when the directory has changed, and once a second', () => {
    const { directory, streams } = begin();
    const judged = jest.fn();
    const stream = streams.open('a', judged);
    jest.advanceTimersByTime(200);
    judged.mockClear();
    jest.advanceTimersByTime(1_000);
    expect(judged).toHaveBeenCalledTimes(1);
    directory.version++;
    judged.mockImplementation(() => {
      throw new ConcordatError('CREDENTIAL_INVALID');
    });
    jest.advanceTimersByTime(200);
    expect(codeOf(stream.signal)).toBe('CREDENTIAL_INVALID');
    expect(() => stream.require()).toThrow(/CREDENTIAL_INVALID/);
  });

  it('hands nothing out while the directory is stale, and ends when that lasts', async () => {
    const { freshness, streams } = begin();
    const stream = streams.open('a', () => undefined);
    freshness.staleness = 'no heartbeat';
    let isFree = false;
    const free = streams.whenFresh(stream.signal).then(() => (isFree = true));
    await jest.advanceTimersByTimeAsync(1_000);
    expect(isFree).toBe(false);
    freshness.staleness = undefined;
    await jest.advanceTimersByTimeAsync(200);
    await free;
    freshness.staleness = 'no heartbeat';
    await jest.advanceTimersByTimeAsync(4_900);
    expect(codeOf(stream.signal)).toBeUndefined();
    await jest.advanceTimersByTimeAsync(500);
    expect(codeOf(stream.signal)).toBe('DIRECTORY_STALE');
  });

  it('is limited for each caller, and what is closed counts no more', () => {
    const { streams } = begin();
    const mine = Array.from({ length: limits.streamsPerCaller }, () => streams.open('a', () => undefined));
    expect(() => streams.open('a', () => undefined)).toThrow(/STREAM_LIMIT_REACHED/);
    expect(() => streams.open('b', () => undefined).close()).not.toThrow();
    mine[0]!.close();
    mine[0]!.close();
    streams.open('a', () => undefined);
    expect(() => streams.open('a', () => undefined)).toThrow(/STREAM_LIMIT_REACHED/);
    expect(streams.size).toBe(limits.streamsPerCaller);
  });

  it('is limited for the gateway', () => {
    const { streams } = begin();
    for (let n = 0; n < 10_000; n++) streams.open(String(n), () => undefined);
    expect(() => streams.open('one more', () => undefined)).toThrow(/OVERLOADED/);
  });

  it('ends when the gateway stops, which then takes nothing new', () => {
    const { streams } = begin();
    const stream = streams.open('a', () => undefined);
    streams.onModuleDestroy();
    expect(codeOf(stream.signal)).toBe('SERVICE_UNAVAILABLE');
    expect(() => streams.open('a', () => undefined)).toThrow(/SERVICE_UNAVAILABLE/);
  });
});
