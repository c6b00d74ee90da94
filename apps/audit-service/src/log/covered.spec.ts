import { Covered } from './covered';

const at = (position: number, epoch = 1) => ({ epoch, position });
const checkpoint = (size: number) => ({ size, note: `${size}` });

describe('what a checkpoint covers', () => {
  it('is nothing at first', () => {
    const covered = new Covered();
    expect([covered.size, covered.checkpoint]).toEqual([0, undefined]);
    expect(covered.reaches({})).toBe(true);
    expect(covered.reaches({ iam: at(1) })).toBe(false);
  });

  it('reaches positions when every source is there, epochs first', () => {
    const covered = new Covered();
    covered.advance(checkpoint(3), new Map([['iam', at(5, 2)], ['vault', at(1)]])); // prettier-ignore
    expect(covered.reaches({ iam: at(5, 2), vault: at(1) })).toBe(true);
    expect(covered.reaches({ iam: at(99, 1) })).toBe(true);
    expect(covered.reaches({ iam: at(6, 2) })).toBe(false);
    expect(covered.reaches({ iam: at(1), unheard: at(1) })).toBe(false);
  });

  it('can be waited for, and the wait ends', async () => {
    const covered = new Covered();
    const waiting = covered.until({ iam: at(2) }, 5_000);
    covered.advance(checkpoint(1), new Map([['iam', at(1)]]));
    covered.advance(checkpoint(2), new Map([['iam', at(2)]]));
    expect(await waiting).toBe(true);
    const begun = performance.now();
    expect(await covered.until({ iam: at(3) }, 50)).toBe(false);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});
