import fc from 'fast-check';
import { ed25519PublicKey } from './ed25519';
import { type ErasureReceipt, openErasureReceipt, signErasureReceipt } from './erasure-receipt';
import {
  formatCheckpoint,
  formatVerifierKey,
  noteSigner,
  openNote,
  parseCheckpoint,
  signNote,
} from './signed-note';

const signerOf = (seed: number, name = 'example.org/log') => {
  const secretKey = new Uint8Array(32).fill(seed);
  return noteSigner(name, { secretKey, publicKey: ed25519PublicKey(secretKey) });
};
const signer = signerOf(1);
const vkey = formatVerifierKey(signer);

const receipt: ErasureReceipt = {
  ...{ log: signer.name, tenant: 'default', subject: 'did:key:z6Mk', orderedBy: 'audit:1:2' },
  ...{ erasedAt: '2026-01-01T00:00:00.000Z', logSize: 42, root: new Uint8Array(32).fill(3) },
  ...{ keys: ['a_-9', 'b'], recoverableUntil: null },
};

describe('a receipt of an erasure', () => {
  it('says what was signed', () => {
    const note = signErasureReceipt(receipt, signer);
    expect(openErasureReceipt(note, vkey)).toEqual(receipt);
    expect(note).toContain('subject: did:key:z6Mk\n');
    for (const other of [
      { ...receipt, keys: [] },
      { ...receipt, recoverableUntil: '2026-01-08T00:00:00.000Z' },
    ])
      expect(openErasureReceipt(signErasureReceipt(other, signer), vkey)).toEqual(other);
  });

  it('does not pass for a checkpoint, nor a checkpoint for a receipt, under the same key', () => {
    const note = signErasureReceipt(receipt, signer);
    expect(() => parseCheckpoint(openNote(note, signer))).toThrow('not a checkpoint');
    const { log: origin, logSize: size, root } = receipt;
    const checkpoint = signNote(formatCheckpoint({ origin, size, root }), signer);
    expect(() => openErasureReceipt(checkpoint, vkey)).toThrow('not a receipt');
  });

  it('is refused under another key, and of another log', () => {
    const other = formatVerifierKey(signerOf(2));
    expect(() => openErasureReceipt(signErasureReceipt(receipt, signer), other)).toThrow('no signature');
    const foreign = signErasureReceipt({ ...receipt, log: 'example.org/other' }, signer);
    expect(() => openErasureReceipt(foreign, vkey)).toThrow('another log');
  });

  it('is refused when any character of it was changed', () => {
    const note = signErasureReceipt(receipt, signer);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: note.length - 1 }),
        fc.constantFrom('x', '0', '\n', ' '),
        (at, c) => {
          fc.pre(note[at] !== c);
          const changed = note.slice(0, at) + c + note.slice(at + 1);
          expect(() => openErasureReceipt(changed, vkey)).toThrow();
        },
      ),
    );
  });

  it('cannot be made to say more by a value of several lines', () => {
    for (const subject of ['a\nkeys: none', ''])
      expect(() => signErasureReceipt({ ...receipt, subject }, signer)).toThrow('one line');
  });
});
