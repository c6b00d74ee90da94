import fc from 'fast-check';
import { formatRefreshToken, parseRefreshToken, refreshTokenHash } from './refresh-token';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const parts = fc.uint8Array({ minLength: 64, maxLength: 64 }).map((bytes) => ({
  sessionId: hex(bytes.slice(0, 16)),
  secret: hex(bytes.slice(16, 48)),
  seal: hex(bytes.slice(48)),
}));

/** Of the bytes 0 to 63; by Python (zlib.crc32, hashlib). */
const golden = {
  token:
    'ccr_000102030405060708090a0b0c0d0e0f_101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3fd60e864e',
  hash: 'M0ZbrYZd2IKodE1lCvBtBopEFgDnQ7wpGaFVWB_ZfLg',
};

describe('a refresh token', () => {
  it('is written and hashed the same for ever (golden values by Python)', () => {
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => i);
    const made = {
      sessionId: hex(bytes.slice(0, 16)),
      secret: hex(bytes.slice(16, 48)),
      seal: hex(bytes.slice(48)),
    };
    expect(formatRefreshToken(made)).toBe(golden.token);
    expect(refreshTokenHash(golden.token)).toBe(golden.hash);
  });

  it('gives its parts back', () => {
    fc.assert(
      fc.property(parts, (made) => expect(parseRefreshToken(formatRefreshToken(made))).toEqual(made)),
    );
  });

  it('with any single character changed is refused', () => {
    const characters = fc.oneof(
      fc.constantFrom(...'0123456789abcdef_'),
      fc.string({ minLength: 1, maxLength: 1 }),
    );
    fc.assert(
      fc.property(parts, fc.nat(golden.token.length - 1), characters, (made, at, character) => {
        const token = formatRefreshToken(made);
        fc.pre(character !== token[at]);
        expect(parseRefreshToken(token.slice(0, at) + character + token.slice(at + 1))).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });

  it('is not made of anything else', () => {
    const good = { sessionId: '0'.repeat(32), secret: '0'.repeat(64), seal: '0'.repeat(32) };
    for (const bad of [{ sessionId: '0' }, { secret: 'A'.repeat(64) }, { seal: '' }])
      expect(() => formatRefreshToken({ ...good, ...bad })).toThrow(RangeError);
    for (const text of ['', 'ccr_', ` ${golden.token}`, `${golden.token}\n`, golden.token.toUpperCase()])
      expect(parseRefreshToken(text)).toBeUndefined();
  });
});
