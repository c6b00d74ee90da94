import fc from 'fast-check';
import { CompactRange } from './compact-range';
import { coveringNodes, leafHash, type NodeSource, nodeHash, rootHash } from './merkle';

const leaf = (index: number): Uint8Array => leafHash(Uint8Array.of(index & 255, index >> 8));
const nodes: NodeSource = (level, index) =>
  level === 0 ? leaf(index) : nodeHash(nodes(level - 1, 2 * index), nodes(level - 1, 2 * index + 1));

describe('a tree that is appended to', () => {
  it('has the root of RFC 6962 at every size', () => {
    const range = new CompactRange();
    for (let size = 0; size <= 70; size++) {
      expect(range.root()).toEqual(rootHash(nodes, size));
      range.append(leaf(size));
    }
  });

  it('has the same root when any runs of leaves are given by their subtrees', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(299), { maxLength: 20 }),
        fc.integer({ min: 1, max: 300 }),
        (picked, size) => {
          const range = new CompactRange();
          for (const at of [...picked.filter((index) => index < size).sort((a, b) => a - b), size]) {
            for (const { level, index } of coveringNodes(range.size, at))
              range.append(nodes(level, index), level);
            if (at < size) range.append(leaf(at));
          }
          expect(range.size).toBe(size);
          expect(range.root()).toEqual(rootHash(nodes, size));
        },
      ),
    );
  });

  it('takes no subtree where none begins, and no hash of another length', () => {
    const range = new CompactRange();
    range.append(leaf(0));
    expect(() => range.append(leaf(1), 1)).toThrow(RangeError);
    expect(() => range.append(new Uint8Array(31))).toThrow(RangeError);
    expect(range.size).toBe(1);
  });
});
