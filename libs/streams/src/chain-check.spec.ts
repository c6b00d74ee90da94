import { chainParts, type EventEnvelope, formatPosition, origin } from '@concordat/contracts';
import {
  chainHash,
  chainHeadBytes,
  chainStart,
  ed25519Signer,
  fromBase64url,
  toBase64url,
} from '@concordat/crypto';
import { ChainCheck, ForgeryError, GapError, placeAfter, placeAtGap } from './chain-check';
import { entries, entry } from './event-log.conformance';

const signer = ed25519Signer(new Uint8Array(32).fill(1));
const stranger = ed25519Signer(new Uint8Array(32).fill(2));

/** Entries as a relay publishes them: chained, the last one signed. */
async function published(
  batch: readonly EventEnvelope[],
  by = signer,
  start = toBase64url(chainStart),
): Promise<EventEnvelope[]> {
  let prevHash = start;
  const chained = batch.map((plain) => {
    const hash = toBase64url(chainHash(fromBase64url(prevHash)!, ...chainParts(plain)));
    const linked = { ...plain, prevHash, hash };
    prevHash = hash;
    return linked;
  });
  const last = chained.at(-1)!;
  const signatures = await by.sign(chainHeadBytes('iam', formatPosition(last.at), last.hash));
  return [...chained.slice(0, -1), { ...last, signatures }];
}

const check = () => new ChainCheck('iam', placeAfter(origin), signer.publicKeys);

describe('the check of a chained source', () => {
  it('releases entries when a signature covers them', async () => {
    const all = await published(entries(1, 3));
    const chain = check();
    expect(chain.accept(all.slice(0, 2)).released).toEqual([]);
    expect(chain.accept(all.slice(2)).released).toEqual(all);
    expect(chain.after).toEqual({ epoch: 1, position: 3 });
  });

  it.each([
    ['data', { data: '{"id":"forged"}' }],
    ['tenant', { tenant: 't2' }],
    ['actor', { actor: 'apiKey:x' }],
    ['subject', { subject: 'x' }],
    ['type', { type: 'concordat.iam.agent.revoked.v1' }],
    ['time', { time: '2026-01-02T00:00:00.000Z' }],
    ['version', { version: 9 }],
  ])('refuses an entry whose %s was changed, and stands still before it', async (_, change) => {
    const all = await published(entries(1, 3));
    const chain = check();
    const { released, problem } = chain.accept(all.with(1, { ...all[1]!, ...change }));
    expect(problem).toBeInstanceOf(ForgeryError);
    expect(released).toEqual([]);
    expect(chain.after).toEqual({ epoch: 1, position: 1 });
  });

  it('refuses a chain that somebody else signed, or that was signed for another source', async () => {
    expect(check().accept(await published(entries(1, 3), stranger)).problem).toBeInstanceOf(ForgeryError);
    const other = new ChainCheck('vault', placeAfter(origin), signer.publicKeys);
    expect(other.accept(await published(entries(1, 3))).problem).toBeInstanceOf(ForgeryError);
  });

  it('refuses a chain that does not continue the one before', async () => {
    const chain = check();
    chain.accept(await published(entries(1, 3)));
    const { problem } = chain.accept(
      await published(entries(4, 5), signer, toBase64url(new Uint8Array(32).fill(9))),
    );
    expect(problem).toBeInstanceOf(ForgeryError);
  });

  it('does not collect unsigned entries without end', async () => {
    const all = await published(entries(1, 2_000));
    expect(check().accept(all).problem).toBeInstanceOf(ForgeryError);
  });

  it('releases what is good before a gap, and reads on as it is told', async () => {
    const first = await published(entries(1, 2));
    const later = await published(entries(5, 6));
    const chain = check();
    const { released, problem } = chain.accept([...first, ...later]);
    expect(released).toEqual(first);
    expect(problem).toBeInstanceOf(GapError);
    const resumed = new ChainCheck('iam', placeAtGap(problem as GapError), signer.publicKeys);
    expect(resumed.after).toEqual({ epoch: 1, position: 4 });
    expect(resumed.accept(later).released).toEqual(later);
  });
});

describe('the check of a plain source', () => {
  it('releases at once and finds gaps, also between epochs', () => {
    const chain = new ChainCheck('bus.0', placeAfter(origin), undefined);
    const good = entries(1, 2);
    expect(chain.accept(good)).toEqual({ released: good, problem: undefined });
    const restored = entry({ epoch: 2, position: 2 }, { epoch: 1, position: 1 });
    expect(chain.accept([restored]).problem).toBeInstanceOf(GapError);
  });
});
