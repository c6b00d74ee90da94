import fc from 'fast-check';
import { GroupCommit, type GroupCommitOptions } from './group-commit';

const full = new Error('full');
const options = (over: Partial<GroupCommitOptions<number>> = {}): GroupCommitOptions<number> => ({
  ...{ most: 4, mostWeight: Infinity, weigh: () => 1, calls: 1 },
  ...{ waiting: 100, waitingWeight: Infinity, refuse: () => full },
  ...over,
});
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Calls that end when they are told to. */
function held(over: Partial<GroupCommitOptions<number>> = {}) {
  const calls: { items: readonly number[]; end: () => void; fail: (error: Error) => void }[] = [];
  const carry = (items: readonly number[]): Promise<number[]> =>
    new Promise((resolve, reject) => {
      calls.push({ items, end: () => resolve(items.map((item) => item * 10)), fail: reject });
    });
  return {
    calls,
    commit: new GroupCommit(carry, options(over)),
    sent: () => calls.map(({ items }) => items),
  };
}

describe('a group commit', () => {
  it('alone / an item goes at the end of the turn in which it came', async () => {
    const { commit, calls, sent } = held();
    const answer = commit.add(1);
    expect(sent()).toEqual([]);
    await turn();
    expect(sent()).toEqual([[1]]);
    calls[0]!.end();
    expect(await answer).toBe(10);
  });

  it('what comes in one turn goes in one call, in its order, and each gets its own answer', async () => {
    const { commit, calls, sent } = held();
    const answers = Promise.all([1, 2, 3].map((item) => commit.add(item)));
    await turn();
    expect(sent()).toEqual([[1, 2, 3]]);
    calls[0]!.end();
    expect(await answers).toEqual([10, 20, 30]);
  });

  it('what comes while calls are under way goes in the next one, with no wait in between', async () => {
    const { commit, calls, sent } = held();
    const first = commit.add(1);
    await turn();
    const others = [2, 3].map((item) => commit.add(item));
    await turn();
    expect(sent()).toEqual([[1]]);
    calls[0]!.end();
    await first;
    await turn();
    expect(sent()).toEqual([[1], [2, 3]]);
    calls[1]!.end();
    expect(await Promise.all(others)).toEqual([20, 30]);
  });

  it('more items than go into one call / go in several, never more of them at once than may', async () => {
    const { commit, calls, sent } = held({ most: 2, calls: 2 });
    const answers = Promise.all([1, 2, 3, 4, 5].map((item) => commit.add(item)));
    await turn();
    expect(sent()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    calls[1]!.end();
    await turn();
    expect(sent()).toHaveLength(3);
    for (const call of calls) call.end();
    expect(await answers).toEqual([10, 20, 30, 40, 50]);
  });

  it('items that weigh too much together / are kept apart, and one that does alone goes alone', async () => {
    const { commit, calls, sent } = held({ most: 10, mostWeight: 10, weigh: (item) => item, calls: 9 });
    const answers = Promise.all([6, 4, 1, 50, 2].map((item) => commit.add(item)));
    await turn();
    expect(sent()).toEqual([[6, 4], [1], [50], [2]]);
    for (const call of calls) call.end();
    await answers;
  });

  it('a call that fails / fails for its own items, and the next one goes', async () => {
    const { commit, calls, sent } = held({ most: 2 });
    const answers = Promise.allSettled([1, 2, 3].map((item) => commit.add(item)));
    await turn();
    calls[0]!.fail(new Error('lost'));
    await turn();
    expect(sent()).toEqual([[1, 2], [3]]);
    calls[1]!.end();
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });

  it('a call that throws at once / fails for its own items too', async () => {
    const broken = new GroupCommit<number, number>(() => {
      throw new Error('broken');
    }, options());
    await expect(broken.add(1)).rejects.toThrow('broken');
    await expect(broken.add(2)).rejects.toThrow('broken');
  });

  it('when too many wait / refuses the next one, and takes more as soon as there is room', async () => {
    const { commit, calls } = held({ waiting: 2 });
    const first = commit.add(1);
    await turn();
    const waiting = [commit.add(2), commit.add(3)];
    await expect(commit.add(4)).rejects.toBe(full);
    calls[0]!.end();
    await first;
    await turn();
    const last = commit.add(5);
    calls[1]!.end();
    await Promise.all(waiting);
    await turn();
    calls[2]!.end();
    expect(await last).toBe(50);
  });

  it('when what waits weighs too much / refuses the next one, and takes more as soon as there is room', async () => {
    const { commit, calls, sent } = held({ waitingWeight: 10, weigh: (item) => item, most: 1 });
    const first = commit.add(7);
    await turn();
    const waiting = [commit.add(4), commit.add(6)];
    await expect(commit.add(1)).rejects.toBe(full);
    calls[0]!.end();
    await first;
    await turn();
    await expect(commit.add(5)).rejects.toBe(full);
    const last = commit.add(3);
    for (let at = 1; at <= 3; at++) {
      calls[at]!.end();
      await turn();
    }
    expect(await Promise.all([...waiting, last])).toEqual([40, 60, 30]);
    const alone = commit.add(50);
    await expect(commit.add(1)).rejects.toBe(full);
    await turn();
    calls[4]!.end();
    expect(await alone).toBe(500);
    expect(sent()).toEqual([[7], [4], [6], [3], [50]]);
  });

  it('whatever comes when / carries each item once, in its order, with its own answer', async () => {
    const step = fc.oneof(
      fc.constant('add' as const),
      fc.constant('turn' as const),
      fc.constant('end' as const),
    );
    const bounds = fc.record({ most: fc.integer({ min: 1, max: 4 }), calls: fc.integer({ min: 1, max: 3 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), bounds, async (steps, over) => {
        const { commit, calls, sent } = held(over);
        const answers: Promise<number>[] = [];
        let ended = 0;
        for (const next of steps) {
          if (next === 'add') answers.push(commit.add(answers.length));
          if (next === 'turn') await turn();
          if (next === 'end') calls[ended++]?.end();
          ended = Math.min(ended, calls.length);
          expect(calls.length - ended).toBeLessThanOrEqual(over.calls);
        }
        while (sent().flat().length < answers.length || ended < calls.length) {
          await turn();
          for (; ended < calls.length; ended++) calls[ended]!.end();
        }
        expect(sent().flat()).toEqual(answers.map((_, i) => i));
        expect(await Promise.all(answers)).toEqual(answers.map((_, i) => i * 10));
        for (const { items } of calls) expect(items.length).toBeLessThanOrEqual(over.most);
      }),
      { numRuns: 200 },
    );
  });
});
