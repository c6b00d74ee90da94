import type { InclusionBundle } from '@concordat/contracts';
import {
  buildLeaf,
  canonicalJson,
  ed25519PublicKey,
  formatCheckpoint,
  formatVerifierKey,
  leafHash,
  noteSigner,
  signNote,
  toBase64url,
} from '@concordat/crypto';
import { verifyEvent } from './audit-proof';
import type { Invoke } from './operation-groups';

const signerOf = (seed: number) => {
  const secretKey = new Uint8Array(32).fill(seed);
  return noteSigner('example.org/log', { secretKey, publicKey: ed25519PublicKey(secretKey) });
};
const signer = signerOf(1);
const vkey = formatVerifierKey(signer);

/** The proof of the only event of a log. */
function bundleOf(id: string): InclusionBundle {
  const facts = {
    id,
    type: 't',
    time: '2026-01-01T00:00:00.000Z',
    tenant: 'default',
    actor: 'a',
    subject: 's',
  };
  const event = canonicalJson({ ...facts, data: '{}' });
  const salt = new Uint8Array(32).fill(7);
  const leaf = buildLeaf({ ...facts, event, salt, body: new Uint8Array(32) });
  const checkpoint = signNote(
    formatCheckpoint({ origin: signer.name, size: 1, root: leafHash(leaf) }),
    signer,
  );
  const disclosure = { salt: toBase64url(salt), event };
  return {
    eventId: id,
    logIndex: 0,
    treeSize: 1,
    leaf: toBase64url(leaf),
    proof: [],
    checkpoint,
    disclosure,
  };
}

const answering =
  (bundle: InclusionBundle): Invoke =>
  async () =>
    bundle as never;

describe('the proof of an event', () => {
  it('is checked here, against the key that the caller has pinned', async () => {
    const bundle = bundleOf('iam:1:7');
    const verdict = await verifyEvent(answering(bundle), 'iam:1:7', { vkey });
    expect(verdict).toMatchObject({ ok: true, leaf: { id: 'iam:1:7' }, checkpoint: { size: 1 }, bundle });
  });

  it('is none under another key, or when something in it was changed', async () => {
    const bundle = bundleOf('iam:1:7');
    const other = formatVerifierKey(signerOf(2));
    expect(await verifyEvent(answering(bundle), 'iam:1:7', { vkey: other })).toMatchObject({ ok: false });
    const changed = {
      ...bundle,
      disclosure: { ...bundle.disclosure!, event: bundle.disclosure!.event + ' ' },
    };
    expect(await verifyEvent(answering(changed), 'iam:1:7', { vkey })).toMatchObject({ ok: false });
  });

  it('is none when it proves another event than was asked for', async () => {
    const verdict = await verifyEvent(answering(bundleOf('iam:1:8')), 'iam:1:7', { vkey });
    expect(verdict).toMatchObject({ ok: false, reason: 'the answer is about another event' });
  });
});
