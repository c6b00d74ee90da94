import { RandomPool } from './random-pool';

describe('random values drawn together', () => {
  it('are of the size asked for, never the same, and the copy of whoever took them', () => {
    const pool = new RandomPool(12, 4);
    const taken = Array.from({ length: 1_000 }, () => pool.next());
    expect(new Set(taken.map((value) => Buffer.from(value).toString('hex'))).size).toBe(1_000);
    expect(taken.every(({ byteLength, buffer }) => byteLength === 12 && buffer.byteLength === 12)).toBe(true);
  });
});
