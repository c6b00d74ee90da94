import { buildLeaf, CompactRange, coveringNodes, fromBase64url, leafHash, utf8 } from '@concordat/crypto';
import type { ClosedEvent, OpenEvent } from './record';

/** The tree of the log, made from the events of an export and from the hashes of what lies between them. */
export class ProvenLog {
  readonly #range = new CompactRange();

  /** @throws Error when it is not behind the events before, or what it is proven with does not fit */
  append(record: OpenEvent | ClosedEvent): void {
    this.fill(record.gap, record.logIndex);
    this.#range.append(leafHash(leafOf(record)));
  }

  /** Goes on to `end` by the hashes of the subtrees between. @throws Error when there are others than needed */
  fill(gap: readonly string[], end: number): void {
    if (end < this.#range.size) throw new Error('the event is not behind the one before');
    const nodes = [...coveringNodes(this.#range.size, end)];
    if (nodes.length !== gap.length) throw new Error('the gap before is not filled');
    for (const [i, { level }] of nodes.entries()) this.#range.append(decode('gap', gap[i]!), level);
  }

  root(): Uint8Array {
    return this.#range.root();
  }
}

function leafOf(record: OpenEvent | ClosedEvent): Uint8Array {
  if (record.kind === 'closed') return utf8(record.leaf);
  const { event } = record;
  const { id, type, time, tenant, actor, subject } = JSON.parse(event) as Record<
    'id' | 'type' | 'time' | 'tenant' | 'actor' | 'subject',
    string
  >;
  const [salt, body] = [decode('salt', record.salt), decode('body', record.body)];
  return buildLeaf({ id, type, time, tenant, actor, subject, event, salt, body });
}

function decode(what: string, text: string): Uint8Array {
  const bytes = fromBase64url(text);
  if (bytes?.byteLength !== 32) throw new Error(`the ${what} is not a hash in base64url`);
  return bytes;
}
