import { FairPlaces } from './fair-places';

/** Work that ends when it is told to. */
function places(atOnce = 2, waiting = 4) {
  const fair = new FairPlaces(atOnce, waiting, () => new Error('full'));
  const said: string[] = [];
  const ends: (() => void)[] = [];
  const ask = (who: string): Promise<void> =>
    fair
      .run(who, () => {
        said.push(`${who} begins`);
        return new Promise<void>((resolve) => ends.push(resolve));
      })
      .catch(() => void said.push(`${who} is refused`));
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const endAll = async (): Promise<void> => {
    for (; ends.length > 0; await turn()) ends.shift()!();
  };
  return { ask, said, endAll, turn };
}

describe('places', () => {
  it('are all for one who is alone, and no more than there are', async () => {
    const { ask, said, endAll, turn } = places();
    const asked = Array.from({ length: 8 }, () => ask('a'));
    await turn();
    expect(said).toEqual(['a begins', 'a begins', 'a is refused', 'a is refused']);
    await endAll();
    await Promise.all(asked);
    expect(said.filter((what) => what === 'a begins')).toHaveLength(6);
  });

  it('are given up by whoever has most, newest first, until nobody has two more than another', async () => {
    const { ask, said, endAll, turn } = places();
    const asked = [...Array.from({ length: 6 }, () => ask('crowd')), ask('b'), ask('b'), ask('b'), ask('b')];
    await turn();
    expect([...said].sort()).toEqual([
      ...['b is refused', 'crowd begins', 'crowd begins'],
      ...['crowd is refused', 'crowd is refused', 'crowd is refused'],
    ]);
    // Whoever has as many as the others takes nothing from them.
    asked.push(ask('crowd'));
    await turn();
    expect(said.filter((what) => what === 'crowd is refused')).toHaveLength(4);
    asked.push(ask('c'));
    await turn();
    await endAll();
    await Promise.all(asked);
    expect(said.filter((what) => what.endsWith('begins')).sort()).toEqual([
      ...['b begins', 'b begins', 'c begins', 'crowd begins', 'crowd begins', 'crowd begins'],
    ]);
  });

  it('are free again when the work is over, also when it failed', async () => {
    const fair = new FairPlaces(1, 0, () => new Error('full'));
    await expect(fair.run('a', () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(await fair.run('a', async () => 'done')).toBe('done');
    let end = (): void => undefined;
    const busy = fair.run('a', () => new Promise<void>((resolve) => (end = resolve)));
    await expect(fair.run('b', async () => 'done')).rejects.toThrow('full');
    end();
    await busy;
    expect(await fair.run('b', async () => 'done')).toBe('done');
  });
});
