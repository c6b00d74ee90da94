import { toBase64url } from './bytes';
import { ed25519PublicKey, ed25519Sign, keyId } from './ed25519';
import { type AlgorithmValue, ed25519Signer, verifySignatures } from './signing';

const message = Buffer.from('message');
const mine = ed25519Signer(new Uint8Array(32).fill(1));
const next = ed25519Signer(new Uint8Array(32).fill(2));
const stranger = ed25519Signer(new Uint8Array(32).fill(3));

/** The second half of a hybrid, as a later version will know it; this one does not. */
const asMlDsa = (value: AlgorithmValue): AlgorithmValue => ({ ...value, alg: 'ML-DSA-65' as 'Ed25519' });

describe('a signer', () => {
  it('names its key and signs with it', async () => {
    const secretKey = new Uint8Array(32).fill(1);
    const publicKey = ed25519PublicKey(secretKey);
    const kid = keyId(publicKey);
    expect(mine.publicKeys).toEqual([{ alg: 'Ed25519', kid, value: toBase64url(publicKey) }]);
    expect(await mine.sign(message)).toEqual([
      { alg: 'Ed25519', kid, value: toBase64url(ed25519Sign(message, secretKey)) },
    ]);
  });
});

describe('a list of signatures', () => {
  it('by a trusted key counts', async () => {
    expect(verifySignatures(message, await mine.sign(message), mine.publicKeys)).toBe(true);
  });

  it('by either of two trusted keys of one algorithm counts, as in a rotation', async () => {
    const trusted = [...mine.publicKeys, ...next.publicKeys];
    expect(verifySignatures(message, await mine.sign(message), trusted)).toBe(true);
    expect(verifySignatures(message, await next.sign(message), trusted)).toBe(true);
    expect(verifySignatures(message, await stranger.sign(message), trusted)).toBe(false);
  });

  it('counts when signatures by strangers or wrong ones stand beside a right one', async () => {
    const [right] = (await mine.sign(message)) as [AlgorithmValue];
    const wrong = { ...right, value: toBase64url(new Uint8Array(64)) };
    expect(
      verifySignatures(message, [...(await stranger.sign(message)), wrong, right], mine.publicKeys),
    ).toBe(true);
    expect(verifySignatures(message, [...(await stranger.sign(message)), wrong], mine.publicKeys)).toBe(
      false,
    );
  });

  it('never counts when nothing is trusted', async () => {
    expect(verifySignatures(message, await mine.sign(message), [])).toBe(false);
    expect(verifySignatures(message, [], [])).toBe(false);
  });

  it('never counts when it is empty', () => {
    expect(verifySignatures(message, [], mine.publicKeys)).toBe(false);
  });

  it('over another message does not count', async () => {
    expect(verifySignatures(Buffer.from('massage'), await mine.sign(message), mine.publicKeys)).toBe(false);
  });

  it('in the name of a trusted key by another key does not count', async () => {
    const [forged] = (await stranger.sign(message)) as [AlgorithmValue];
    const inMyName = { ...forged, kid: mine.publicKeys[0]!.kid };
    expect(verifySignatures(message, [inMyName], mine.publicKeys)).toBe(false);
  });

  it('that is right under another key id does not count', async () => {
    const [signature] = (await mine.sign(message)) as [AlgorithmValue];
    expect(verifySignatures(message, [{ ...signature, kid: 'other' }], mine.publicKeys)).toBe(false);
  });

  it.each([
    '',
    'A',
    'AA',
    '====',
    'not base64 at all',
    toBase64url(new Uint8Array(63)),
    toBase64url(new Uint8Array(65)),
  ])('with the value %j does not count, and does not throw', async (value) => {
    const [signature] = (await mine.sign(message)) as [AlgorithmValue];
    expect(verifySignatures(message, [{ ...signature, value }], mine.publicKeys)).toBe(false);
    const badKey = { ...mine.publicKeys[0]!, value };
    expect(verifySignatures(message, [signature], [badKey])).toBe(false);
  });

  it('with non-canonical base64url does not count', async () => {
    const [signature] = (await mine.sign(message)) as [AlgorithmValue];
    // 64 bytes leave four unused bits in the last of 86 digits.
    const last = signature.value.at(-1)!;
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const value = signature.value.slice(0, -1) + alphabet[alphabet.indexOf(last) + 1]!;
    expect(Buffer.from(value, 'base64url')).toEqual(Buffer.from(signature.value, 'base64url'));
    expect(verifySignatures(message, [{ ...signature, value }], mine.publicKeys)).toBe(false);
  });
});

describe('a hybrid', () => {
  const trusted = [...mine.publicKeys, asMlDsa(next.publicKeys[0]!)];

  it('with one half only does not count', async () => {
    expect(verifySignatures(message, await mine.sign(message), trusted)).toBe(false);
  });

  it('with the second half twice under the first algorithm does not count', async () => {
    const twice = [...(await mine.sign(message)), ...(await next.sign(message))];
    expect(verifySignatures(message, twice, trusted)).toBe(false);
  });

  it('whose second algorithm this version does not know never counts', async () => {
    const halves = [...(await mine.sign(message)), ...(await next.sign(message)).map(asMlDsa)];
    expect(verifySignatures(message, halves, trusted)).toBe(false);
  });

  it('signature counts where only its first half is trusted', async () => {
    const halves = [...(await mine.sign(message)), ...(await next.sign(message)).map(asMlDsa)];
    expect(verifySignatures(message, halves, mine.publicKeys)).toBe(true);
  });
});
