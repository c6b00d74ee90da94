import fc from 'fast-check';
import { type AuditBundle, buildLeaf, type LeafInput, verifyInclusionBundle } from './audit-leaf';
import { toBase64url, utf8 } from './bytes';
import { canonicalJson } from './canonical-json';
import { ed25519PublicKey } from './ed25519';
import { inclusionProof, leafHash, nodeHash, rootHash } from './merkle';
import { formatCheckpoint, formatVerifierKey, noteSigner, signNote } from './signed-note';

const header = {
  id: 'iam:1:7',
  type: 'concordat.iam.token.issued.v1',
  time: '2026-01-01T00:00:00.000Z',
  tenant: 'default',
  actor: 'agent:did:a',
  subject: 'did:a',
};
const salt = Uint8Array.from({ length: 32 }, (_, i) => i);
const inputOf = (over: Partial<LeafInput> = {}): LeafInput => {
  const fields = { ...header, ...over };
  const { id, type, time, tenant, actor, subject } = fields;
  const event = canonicalJson({ id, type, time, tenant, actor, subject, data: '{}' });
  return { ...fields, event, salt, body: new Uint8Array(32).fill(9), ...over };
};

const keyOf = (seed: number) => {
  const secretKey = new Uint8Array(32).fill(seed);
  return { secretKey, publicKey: ed25519PublicKey(secretKey) };
};
const signer = noteSigner('example.org/log', keyOf(1));
const vkey = formatVerifierKey(signer);

/** A log of some leaves around ours, complete subtrees only. */
function bundleOf(input: LeafInput, index: number, size: number, note = signer): AuditBundle {
  const leaves = Array.from({ length: size }, (_, i) => (i === index ? buildLeaf(input) : utf8(`leaf ${i}`)));
  const node = (level: number, at: number): Uint8Array =>
    level === 0 ? leafHash(leaves[at]!) : nodeHash(node(level - 1, 2 * at), node(level - 1, 2 * at + 1));
  const text = formatCheckpoint({ origin: note.name, size, root: rootHash(node, size) });
  return {
    eventId: input.id,
    logIndex: index,
    treeSize: size,
    leaf: toBase64url(leaves[index]!),
    proof: inclusionProof(node, index, size).map(toBase64url),
    checkpoint: signNote(text, note),
    disclosure: { salt: toBase64url(input.salt), event: input.event },
  };
}

describe('the leaf of an event', () => {
  it('has these bytes (golden value by Python hashlib)', () => {
    expect(Buffer.from(buildLeaf(inputOf())).toString()).toBe(
      '{"actor":"6hE1J6zwAlTrnLJf5yMmQJvYj28YD2vk3Icg9ojG97k","body":"CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk",' +
        '"claim":"IPrwERPgnIeHEEK_6BE8sulwBGKueIRk5BM83TQYm0g","id":"iam:1:7",' +
        '"subject":"5u30ml2od3b8H2Rt0CJyHnHDOHkEBllRMH8Gi-4uoTM","tenant":"JI5DD9vkPF4K9sQkp7F9sk2mls0mrC20ZKeiEkLaO_k",' +
        '"time":"2026-01-01T00:00:00.000Z","type":"concordat.iam.token.issued.v1","v":1}',
    );
  });

  it('is canonical JSON, whatever stands in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (type, time) => {
        const text = Buffer.from(buildLeaf(inputOf({ type, time }))).toString();
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });

  it('tells nothing of tenant, actor, subject and data', () => {
    const leaf = Buffer.from(buildLeaf(inputOf({ tenant: 'acme', actor: 'agent:zzz', subject: 'did:yyy' })));
    for (const secret of ['acme', 'zzz', 'yyy']) expect(leaf.includes(secret)).toBe(false);
  });

  it('hashes the same identifier differently under another salt, and in another place', () => {
    const leaf = (over: Partial<LeafInput>): Record<string, string> =>
      JSON.parse(Buffer.from(buildLeaf(inputOf(over))).toString()) as Record<string, string>;
    expect(leaf({})['subject']).not.toBe(leaf({ salt: new Uint8Array(32) })['subject']);
    const same = leaf({ tenant: 'x', actor: 'x', subject: 'x' });
    expect(new Set([same['tenant'], same['actor'], same['subject']]).size).toBe(3);
  });

  it('stays below 64 KiB, so that it fits into an entry bundle', () => {
    expect(() => buildLeaf(inputOf({ type: 'x'.repeat(65_000) }))).not.toThrow();
    expect(() => buildLeaf(inputOf({ type: 'x'.repeat(65_536) }))).toThrow(RangeError);
  });

  it('refuses salts and hashes of another length', () => {
    expect(() => buildLeaf(inputOf({ salt: new Uint8Array(31) }))).toThrow(RangeError);
    expect(() => buildLeaf(inputOf({ body: new Uint8Array(33) }))).toThrow(RangeError);
  });
});

describe('an inclusion bundle', () => {
  it('verifies for every leaf of trees of every shape, and gives back event and checkpoint', () => {
    for (const size of [1, 2, 3, 7, 8, 9, 31]) {
      for (let index = 0; index < size; index++) {
        const input = inputOf();
        const verdict = verifyInclusionBundle(bundleOf(input, index, size), vkey);
        expect(verdict).toMatchObject({ ok: true, event: input.event, checkpoint: { size } });
      }
    }
  });

  it('verifies without a disclosure, and then tells only the header', () => {
    const verdict = verifyInclusionBundle({ ...bundleOf(inputOf(), 3, 5), disclosure: null }, vkey);
    expect(verdict).toMatchObject({ ok: true, event: null, leaf: { id: header.id, type: header.type } });
  });

  const good = bundleOf(inputOf(), 11, 29);
  const disclosure = good.disclosure!;

  it('fails when any character of any field is another', () => {
    const texts: Record<string, (text: string) => AuditBundle> = {
      eventId: (text) => ({ ...good, eventId: text }),
      leaf: (text) => ({ ...good, leaf: text }),
      checkpoint: (text) => ({ ...good, checkpoint: text }),
      salt: (text) => ({ ...good, disclosure: { ...disclosure, salt: text } }),
      event: (text) => ({ ...good, disclosure: { ...disclosure, event: text } }),
      ...Object.fromEntries(
        good.proof.map((_, i) => [
          `proof ${i}`,
          (text: string) => ({ ...good, proof: good.proof.with(i, text) }),
        ]),
      ),
    };
    const textOf = (name: string): string =>
      ({ ...good, ...disclosure })[name as 'leaf'] ?? good.proof[Number(name.slice('proof '.length))]!;
    const change = fc.record({
      name: fc.constantFrom(...Object.keys(texts)),
      at: fc.nat(),
      to: fc.constantFrom(...'AZaz09-_+={}":\n '),
    });
    fc.assert(
      fc.property(change, ({ name, at, to }) => {
        const before = textOf(name);
        const place = at % before.length;
        const after = before.slice(0, place) + to + before.slice(place + 1);
        fc.pre(after !== before);
        expect(verifyInclusionBundle(texts[name]!(after), vkey)).toMatchObject({ ok: false });
      }),
      { numRuns: 2_000 },
    );
  });

  it('fails for another index or size, and for a proof that lost, gained or swapped a hash', () => {
    const bad: AuditBundle[] = [
      ...Array.from({ length: 40 }, (_, i) => i)
        .filter((i) => i !== 11)
        .map((logIndex) => ({ ...good, logIndex })),
      ...[-1, 0.5, NaN].map((logIndex) => ({ ...good, logIndex })),
      ...[28, 30, 0].map((treeSize) => ({ ...good, treeSize })),
      { ...good, proof: good.proof.slice(1) },
      { ...good, proof: [...good.proof, good.proof[0]!] },
      { ...good, proof: good.proof.toReversed() },
    ];
    for (const bundle of bad) expect(verifyInclusionBundle(bundle, vkey)).toMatchObject({ ok: false });
  });

  it('fails under another key, another name and for the checkpoint of another log', () => {
    const other = noteSigner('example.org/other', keyOf(1));
    const stranger = noteSigner('example.org/log', keyOf(2));
    for (const key of [formatVerifierKey(other), formatVerifierKey(stranger), 'nonsense', ''])
      expect(verifyInclusionBundle(good, key)).toMatchObject({ ok: false });
    const foreign = parseOrigin(good.checkpoint, 'example.org/other');
    expect(verifyInclusionBundle({ ...good, checkpoint: foreign }, vkey)).toMatchObject({ ok: false });
  });

  /** The same tree under another origin, signed by our key. */
  const parseOrigin = (note: string, name: string): string =>
    signNote(note.slice(0, note.indexOf('\n\n') + 1).replace('example.org/log', name), signer);

  it('fails when the leaf commits to other identifiers than the event it commits to', () => {
    const lies: Partial<LeafInput>[] = [
      { id: 'iam:1:8' },
      { type: 'concordat.iam.agent.revoked.v1' },
      { time: '2026-01-02T00:00:00.000Z' },
      { tenant: 'acme' },
      { actor: 'anonymous' },
      { subject: 'did:b' },
    ];
    for (const lie of lies) {
      const bundle = bundleOf(inputOf({ ...lie, event: inputOf().event }), 0, 3);
      expect(verifyInclusionBundle(bundle, vkey)).toMatchObject({ ok: false });
    }
  });

  it('fails for leaves and events that are not canonical JSON, although they are in the log', () => {
    const spaced = `${inputOf().event} `;
    expect(verifyInclusionBundle(bundleOf(inputOf({ event: spaced }), 0, 3), vkey)).toMatchObject({
      ok: false,
    });
  });

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.anything(), fc.string(), (bundle, key) => {
        expect(verifyInclusionBundle(bundle as AuditBundle, key).ok).toBe(false);
        expect(verifyInclusionBundle(bundle as AuditBundle, vkey).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
