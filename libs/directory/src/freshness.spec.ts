import { limits, type Position } from '@concordat/contracts';
import type { ControlEntry } from '@concordat/streams';
import { Freshness } from './freshness';

const at = (position: number, epoch = 1): Position => ({ epoch, position });
const entry = (head: Position): ControlEntry => ({
  incarnation: 1,
  sequence: 1,
  timeMs: 0,
  head,
  event: null,
});
const stale = expect.objectContaining({ code: 'DIRECTORY_STALE' }) as Error;

describe('the freshness of the directory', () => {
  let nowMs: number;
  let freshness: Freshness;
  beforeEach(() => {
    nowMs = 1_000_000;
    freshness = new Freshness(() => nowMs);
  });
  const makeFresh = (): void => {
    freshness.loaded(at(5));
    freshness.beat(entry(at(5)), false);
    freshness.require();
  };

  it('a gateway that has just started / refuses until a snapshot and a heartbeat are there, in any order', () => {
    expect(() => freshness.require()).toThrow(stale);
    freshness.loaded(at(5));
    expect(freshness.staleness).toBe('no heartbeat of iam-service for as long as this gateway runs');
    freshness.beat(entry(at(5)), false);
    expect(freshness.staleness).toBeUndefined();

    const other = new Freshness(() => nowMs);
    other.beat(entry(at(5)), false);
    expect(() => other.require()).toThrow(stale);
    other.loaded(at(5));
    other.require();
  });

  it('without a heartbeat / refuses after a second and not before, and believes again with the next one', () => {
    makeFresh();
    nowMs += limits.directoryAgeMs;
    freshness.require();
    nowMs += 1;
    expect(() => freshness.require()).toThrow(stale);
    expect(freshness.staleness).toBe('no heartbeat of iam-service for 1001 ms');
    freshness.beat(entry(at(5)), true);
    freshness.require();
  });

  it('with a hole in the control lane / refuses until the event stream has come past it', () => {
    makeFresh();
    freshness.beat(entry(at(9)), false);
    expect(freshness.staleness).toBe('the control lane has a hole');
    // Heartbeats that follow do not fill it.
    freshness.beat(entry(at(10)), true);
    expect(() => freshness.require()).toThrow(stale);
    freshness.advanced(at(8));
    expect(() => freshness.require()).toThrow(stale);
    freshness.advanced(at(9));
    freshness.require();
  });

  it('a contiguous control lane / does not wait for the event stream', () => {
    makeFresh();
    freshness.beat(entry(at(500)), true);
    freshness.require();
  });

  it('a reload / refuses while it lasts, and begins at the position of the new snapshot', () => {
    makeFresh();
    freshness.unloaded();
    expect(freshness.staleness).toBe('the directory is being loaded');
    freshness.advanced(at(6));
    expect(() => freshness.require()).toThrow(stale);
    freshness.loaded(at(3, 2));
    expect(freshness.applied).toEqual(at(3, 2));
    freshness.require();
  });

  it('an old event / does not take the position back', () => {
    makeFresh();
    freshness.advanced(at(4));
    expect(freshness.applied).toEqual(at(5));
  });

  describe('a request that comes while the directory is stale', () => {
    it('waits for the next heartbeat, for the snapshot, or until the hole is filled', async () => {
      const started = freshness.whenFresh(60_000);
      makeFresh();
      await started;
      nowMs += limits.directoryAgeMs + 1;
      const paused = freshness.whenFresh(60_000);
      freshness.beat(entry(at(5)), true);
      await paused;
      freshness.beat(entry(at(9)), false);
      const holed = freshness.whenFresh(60_000);
      freshness.beat(entry(at(9)), true);
      freshness.advanced(at(9));
      await holed;
    });

    it('is refused when nothing comes, or not what was missing', async () => {
      makeFresh();
      nowMs += limits.directoryAgeMs + 1;
      await expect(freshness.whenFresh(5)).rejects.toEqual(stale);
      const waiting = freshness.whenFresh(5);
      freshness.advanced(at(6));
      await expect(waiting).rejects.toEqual(stale);
    });

    it('is refused at once when too many wait already', async () => {
      const waiting = Array.from({ length: 10_000 }, () => freshness.whenFresh(60_000));
      await expect(freshness.whenFresh(60_000)).rejects.toEqual(stale);
      makeFresh();
      await Promise.all(waiting);
    });
  });

  describe('a request that waits for a position', () => {
    it('goes on at once when it is reached, and as soon as it is otherwise', async () => {
      makeFresh();
      await freshness.reached(at(5), 0);
      await freshness.reached(at(900, 0), 0);
      const [sixth, seventh] = [freshness.reached(at(6), 60_000), freshness.reached(at(7), 60_000)];
      freshness.advanced(at(6));
      await sixth;
      freshness.advanced(at(2, 2));
      await seventh;
    });

    it('is refused when its time is up, and leaves nothing behind', async () => {
      makeFresh();
      await expect(freshness.reached(at(6), 5)).rejects.toMatchObject({ code: 'POSITION_NOT_REACHED' });
      freshness.advanced(at(6));
    });

    it('does not count a position while the directory is loaded anew', async () => {
      makeFresh();
      freshness.unloaded();
      await expect(freshness.reached(at(5), 5)).rejects.toMatchObject({ code: 'POSITION_NOT_REACHED' });
    });

    it('is refused at once when too many wait already', async () => {
      const waiting = Array.from({ length: 10_000 }, () => freshness.reached(at(1), 60_000));
      await expect(freshness.reached(at(1), 60_000)).rejects.toMatchObject({ code: 'OVERLOADED' });
      freshness.loaded(at(1));
      await Promise.all(waiting);
      await freshness.reached(at(1), 0);
    });
  });
});
