import { PasswordHasher } from './password-hasher';

const cost = { logN: 10, r: 8, p: 1 };

describe('passwords', () => {
  it('match their hash, and nothing matches none', async () => {
    const hasher = new PasswordHasher(cost);
    const hash = await hasher.hash('x');
    expect(
      await Promise.all([hasher.verify('x', hash), hasher.verify('y', hash), hasher.verify('x', null)]),
    ).toEqual([...[true, false, false]]);
  });

  it('are compared six at a time at most, two of them at once; the others are told to come again', async () => {
    const hasher = new PasswordHasher(cost);
    const asked = Array.from({ length: 10 }, () =>
      hasher.verify('x', null).then(
        () => 'compared',
        ({ code }: { code: string }) => code,
      ),
    );
    const answers = await Promise.all(asked);
    expect(answers).toEqual([...Array<string>(6).fill('compared'), ...Array<string>(4).fill('OVERLOADED')]);
    expect(await hasher.verify('x', null)).toBe(false);
  });

  it('of one network do not keep another one out', async () => {
    const hasher = new PasswordHasher(cost);
    const ask = (site: string) =>
      hasher.verify('x', null, site).then(
        () => 'compared',
        ({ code }: { code: string }) => code,
      );
    const crowd = Array.from({ length: 6 }, () => ask('2001:db8:1/48'));
    expect(await ask('192.0.2.1')).toBe('compared');
    expect((await Promise.all(crowd)).filter((answer) => answer === 'OVERLOADED')).toHaveLength(1);
  });

  it('that were hashed with less work are outdated', async () => {
    const hash = await new PasswordHasher(cost).hash('x');
    expect(new PasswordHasher(cost).isOutdated(hash)).toBe(false);
    expect(new PasswordHasher({ ...cost, logN: 11 }).isOutdated(hash)).toBe(true);
  });
});
