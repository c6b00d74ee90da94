import fc from 'fast-check';
import { toBase64url } from './bytes';
import { chainHash, chainHeadBytes, chainStart, isChainLink } from './chain';

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('a hash chain', () => {
  it('has these hashes (golden values by Python hashlib)', () => {
    const first = chainHash(chainStart, 'a', 'bc');
    expect(toHex(first)).toBe('25c4407764c62eecb501233004701f3ebde3047f38300816dbac278c072d6ec6');
    expect(toHex(chainHash(first))).toBe('6172b30c249ab9f7f1c24a4555821631c342b2abc3f39d78cab8f1c18ad97dc0');
  });

  it('ends in another hash when an entry was changed, dropped, moved or cut elsewhere', () => {
    const entry = fc.array(fc.string({ unit: 'binary', maxLength: 3 }), { maxLength: 3 });
    const chain = fc.array(entry, { maxLength: 4 });
    const headOf = (entries: readonly string[][]): string =>
      toHex(entries.reduce((before, parts) => chainHash(before, ...parts), chainStart));
    fc.assert(
      fc.property(chain, chain, (a, b) => {
        expect(headOf(a) === headOf(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
    expect(headOf([['ab', 'c']])).not.toBe(headOf([['a', 'bc']]));
    expect(headOf([['a'], ['b']])).not.toBe(headOf([['b'], ['a']]));
    expect(headOf([['a'], ['b']])).not.toBe(headOf([['a', 'b']]));
  });
});

describe('a link of a chain', () => {
  const before = toBase64url(chainHash(chainStart, 'first'));
  const parts = ['id', 'type', ''];
  const hash = toBase64url(chainHash(chainHash(chainStart, 'first'), ...parts));

  it('holds for the hash before, its parts and its hash', () => {
    expect(isChainLink(before, hash, parts)).toBe(true);
    expect(isChainLink(toBase64url(chainStart), before, ['first'])).toBe(true);
  });

  it('breaks when a part, the hash or the hash before is another', () => {
    expect(isChainLink(before, hash, ['id', 'type', 'x'])).toBe(false);
    expect(isChainLink(before, hash, ['id', 'type'])).toBe(false);
    expect(isChainLink(before, before, parts)).toBe(false);
    expect(isChainLink(toBase64url(chainStart), hash, parts)).toBe(false);
  });

  it('breaks when the hash before swallows a part', () => {
    const swallowed = Buffer.concat([
      Buffer.from(before, 'base64url'),
      Buffer.from('\u0000\u0000\u0000\u0002id'),
    ]);
    expect(toHex(chainHash(swallowed, 'type', ''))).toBe(Buffer.from(hash, 'base64url').toString('hex'));
    expect(isChainLink(toBase64url(swallowed), hash, ['type', ''])).toBe(false);
  });

  it('breaks on hashes that are malformed, without throwing', () => {
    for (const text of ['', 'x', '====', `${hash}A`, `${before}=`, 'A'.repeat(42)]) {
      expect(isChainLink(text, hash, parts)).toBe(false);
      expect(isChainLink(before, text, parts)).toBe(false);
    }
  });
});

describe('the head of a chain', () => {
  it('is signed with its source and the id of its last entry, none of which runs into the next', () => {
    const heads: [string, string, string][] = [
      ['iam', '1-2', 'h'],
      ['ia', 'm1-2', 'h'],
      ['iam', '1-', '2h'],
      ['vault', '1-2', 'h'],
      ['iam', '1-3', 'h'],
      ['iam', '1-2', 'i'],
    ];
    expect(new Set(heads.map((head) => toHex(chainHeadBytes(...head)))).size).toBe(heads.length);
  });
});
