import {
  ed25519PublicKey,
  encodeEntryBundle,
  entriesPath,
  formatCheckpoint,
  formatVerifierKey,
  joinHashes,
  leafHash,
  noteSigner,
  signNote,
  tilePath,
  TileTree,
  tileWidth,
  utf8,
} from '@concordat/crypto';

const secretKey = new Uint8Array(32).fill(1);
const signer = noteSigner('example.org/log', { secretKey, publicKey: ed25519PublicKey(secretKey) });
export const servedVkey = formatVerifierKey(signer);

/** Answers of a gateway that serves a log of so many entries. @param history what the entries say */
export function servedLog(size: number, history = 'a'): Record<string, Uint8Array> {
  const leaves = Array.from({ length: size }, (_, i) => utf8(`{"claim":"${history}","id":"bus.0:1:${i}"}`));
  const answers: Record<string, Uint8Array> = {};
  const serve = (path: string, bytes: Uint8Array): void =>
    void (answers[`GET /v1/audit/log/${path}`] = bytes);
  let tree = TileTree.empty;
  for (let first = 0; first < size; first += tileWidth) {
    const some = leaves.slice(first, first + tileWidth);
    serve(entriesPath(first / tileWidth, some.length), encodeEntryBundle(some));
    const growth = tree.append(some.map(leafHash));
    tree = growth.tree;
    for (const { level, index, hashes } of growth.tiles)
      serve(tilePath({ level, index, width: hashes.length }), joinHashes(hashes));
  }
  const root = tree.root();
  serve('checkpoint', utf8(signNote(formatCheckpoint({ origin: signer.name, size, root }), signer)));
  serve('vkey', utf8(`${servedVkey}\n`));
  return answers;
}
