import fc from 'fast-check';
import { cosign, cosigner, findCosignature, formatCosignerKey, parseCosignerKey } from './cosignature';
import { ed25519PublicKey } from './ed25519';
import { checkpointOf, leafOf, vkey } from './log-files.fixture';
import { consistencyProof, leafHash } from './merkle';
import { openNote, parseVerifierKey, splitNote } from './signed-note';
import { nodesOf, type Tile } from './tile';
import { TileTree } from './tile-tree';
import { formatAddCheckpoint, judgeCheckpoint, originOf, parseAddCheckpoint } from './tlog-witness';

const secretKey = new Uint8Array(32).fill(9);
const witness = cosigner('witness.example/w1', { secretKey, publicKey: ed25519PublicKey(secretKey) });
const log = parseVerifierKey(vkey);

const treeOf = (size: number, history = '') =>
  TileTree.empty.append(Array.from({ length: size }, (_, i) => leafHash(leafOf(i, history)))).tree;
const proofOf = (from: number, to: number) => {
  const tiles = new Map<string, Tile>();
  const growth = TileTree.empty.append(Array.from({ length: to }, (_, i) => leafHash(leafOf(i))));
  for (const tile of growth.tiles) tiles.set(`${tile.level}/${tile.index}`, tile);
  return from === 0 ? [] : consistencyProof(nodesOf(tiles.values()), from, to);
};
const judge = (oldSize: number, note: string, proof: Uint8Array[], seen?: TileTree) =>
  judgeCheckpoint({ oldSize, proof, note }, log, seen && { size: seen.size, root: seen.root() });

describe('a cosignature', () => {
  it('is that of the example in C2SP tlog-cosignature: type 4, its time before the signature', () => {
    expect(formatCosignerKey(witness)).toMatch(/^witness\.example\/w1\+[0-9a-f]{8}\+B[A-P]/);
    expect(parseCosignerKey(formatCosignerKey(witness))).toMatchObject({ name: witness.name });
    expect(() => parseVerifierKey(formatCosignerKey(witness))).toThrow('not an Ed25519 verifier key');
  });

  it('is found beside the signature of the log, and is wrong for any other time or text', () => {
    const note = checkpointOf(treeOf(5));
    const line = cosign(splitNote(note).text, witness, 1_679_315_147);
    expect(findCosignature(note + line, witness)).toEqual({ seconds: 1_679_315_147, line });
    expect(openNote(note + line, log)).toBe(openNote(note, log));
    expect(findCosignature(note, witness)).toBeUndefined();
    const other = checkpointOf(treeOf(6));
    expect(() => findCosignature(other + line, witness)).toThrow('is wrong');
    const bytes = Buffer.from(line.split(' ')[2]!, 'base64');
    for (let at = 4; at < bytes.byteLength; at++) {
      const bad = Buffer.from(bytes.with(at, bytes[at]! ^ 1)).toString('base64');
      expect(() => findCosignature(`${note}\u2014 ${witness.name} ${bad}\n`, witness)).toThrow('is wrong');
    }
  });
});

describe('a request of a log for a cosignature', () => {
  it('is read as it was written', () => {
    const request = { oldSize: 5, proof: proofOf(5, 9), note: checkpointOf(treeOf(9)) };
    expect(parseAddCheckpoint(formatAddCheckpoint(request))).toEqual(request);
    expect(originOf(request.note)).toBe('example.org/log');
  });

  it('is refused when it is none, and never breaks the reader', () => {
    for (const text of [
      '',
      'old 1\n',
      'old 01\n\nx',
      'old -1\n\nx',
      'new 1\n\nx',
      'old 1\nAAAA\n\nx',
      'old 9999999999999999\n\nx',
    ])
      expect(() => parseAddCheckpoint(text)).toThrow();
    const lines = Array.from({ length: 64 }, () => Buffer.alloc(32).toString('base64')).join('\n');
    expect(() => parseAddCheckpoint(`old 1\n${lines}\n\nx`)).toThrow('more than 63');
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseAddCheckpoint(text);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });

  it('is granted exactly when the log continues what was cosigned', () => {
    const size = fc.integer({ min: 0, max: 300 });
    fc.assert(
      fc.property(size, size, (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const proof = proofOf(from, to);
        const note = checkpointOf(treeOf(to));
        expect(judge(from, note, proof, treeOf(from))).toMatchObject({ kind: 'consistent' });
        if (from === 0) return;
        const forked = checkpointOf(treeOf(to, 'fork'));
        expect(judge(from, forked, proof, treeOf(from))).toMatchObject({ kind: 'inconsistent' });
        const other = judge(from, note, [...proof, new Uint8Array(32)], treeOf(from));
        expect(other).toMatchObject({ kind: 'inconsistent' });
      }),
      { numRuns: 40 },
    );
  });

  it('is answered by what is wrong with it', () => {
    const note = checkpointOf(treeOf(9));
    expect(judge(10, note, [])).toMatchObject({ kind: 'malformed' });
    expect(judge(0, note, [], treeOf(5))).toEqual({ kind: 'conflict', size: 5 });
    expect(judge(5, note, proofOf(5, 9))).toEqual({ kind: 'conflict', size: 0 });
    expect(judge(0, note, proofOf(5, 9))).toMatchObject({ kind: 'inconsistent' });
    expect(judge(9, checkpointOf(treeOf(9, 'fork')), [], treeOf(9))).toMatchObject({ kind: 'inconsistent' });
    expect(judge(0, note.replace('9\n', '8\n'), [])).toMatchObject({ kind: 'unsigned' });
    expect(judge(0, 'nonsense', [])).toMatchObject({ kind: 'unsigned' });
    const stranger = { ...log, name: 'example.org/other' };
    expect(judgeCheckpoint({ oldSize: 0, proof: [], note }, stranger, undefined)).toMatchObject({
      kind: 'unsigned',
    });
  });
});
