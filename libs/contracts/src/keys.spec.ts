import { algorithmValue, publicKeys, sealedValue, signatures } from './keys';

const key = { alg: 'Ed25519', kid: 'k1', value: 'A'.repeat(43) };

describe('a list of keys or signatures', () => {
  it.each([
    ['keys', publicKeys],
    ['signatures', signatures],
  ])('of %s has one to four entries', (_, schema) => {
    expect(schema.parse([key])).toEqual([key]);
    expect(schema.safeParse([]).success).toBe(false);
    expect(schema.safeParse([key, key, key, key]).success).toBe(true);
    expect(schema.safeParse([key, key, key, key, key]).success).toBe(false);
  });

  it.each([
    { ...key, alg: 'none' },
    { ...key, alg: 'ed25519' },
    { ...key, kid: '' },
    { ...key, kid: 'k'.repeat(257) },
    { ...key, value: '' },
    { ...key, value: 'AA==' },
    { ...key, value: 'A+A' },
    { ...key, value: 'AA\n' },
    { ...key, value: 'A'.repeat(8_193) },
    { ...key, secret: 'x' },
    { alg: 'Ed25519', value: 'AA' },
  ])('has no entry %j', (entry) => {
    expect(algorithmValue.safeParse(entry).success).toBe(false);
  });
});

describe('a sealed field', () => {
  it('names its algorithm and its key', () => {
    const sealed = { alg: 'A256GCM', kid: 'agent/1', value: 'AA' };
    expect(sealedValue.parse(sealed)).toEqual(sealed);
    for (const change of [{ alg: 'Ed25519' }, { kid: '' }, { value: 'A=' }, { extra: 1 }])
      expect(sealedValue.safeParse({ ...sealed, ...change }).success).toBe(false);
  });
});
