import { emptyRoot, nodeHash } from './merkle';

/**
 * A Merkle tree that grows from the left, held as the few complete subtrees that it is made of (RFC 6962 §2.1): a leaf is
 * appended, or a whole subtree by its hash, and the root is that of all leaves, seen or not. Memory: one hash per level.
 */
export class CompactRange {
  readonly #nodes: { readonly level: number; readonly hash: Uint8Array }[] = [];
  #size = 0;

  /** Leaves so far. */
  get size(): number {
    return this.#size;
  }

  /**
   * @param hash of a leaf (`leafHash`), or of the complete subtree of 2^level leaves that follow
   * @throws RangeError when no subtree of this level begins here, or the hash is none
   */
  append(hash: Uint8Array, level = 0): void {
    if (hash.byteLength !== 32) throw new RangeError('a hash has 32 bytes');
    if (this.#size % 2 ** level !== 0)
      throw new RangeError(`no subtree of level ${level} begins at leaf ${this.#size}`);
    this.#size += 2 ** level;
    let node = { level, hash };
    while (this.#nodes.at(-1)?.level === node.level)
      node = { level: node.level + 1, hash: nodeHash(this.#nodes.pop()!.hash, node.hash) };
    this.#nodes.push(node);
  }

  /** Root of the tree of all leaves so far. */
  root(): Uint8Array {
    if (this.#nodes.length === 0) return emptyRoot;
    return this.#nodes.map(({ hash }) => hash).reduceRight((right, left) => nodeHash(left, right));
  }
}
