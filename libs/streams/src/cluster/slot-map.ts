import type { RedisNode } from '@concordat/contracts';
import { Command } from 'ioredis';

export const slotCount = 16_384;
/** A cluster of more nodes is not believed: each costs every process a connection. */
const nodesLimit = 256;

/** The slot of a key: of what stands in its first `{…}`. */
export const slotOf = (key: string | Buffer): number => new Command('GET', [key]).getSlot();

/** `host:port`, a node's name in a slot map. */
export const addressOf = ({ host, port }: RedisNode): string => `${host}:${port}`;

/** @param address `host:port`; the host may be an IPv6 address, as Redis writes it, without brackets */
export function nodeAt(address: string): RedisNode {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

/** Which node serves which slot, as far as is known. */
export class SlotMap {
  #owners: (string | undefined)[] = [];

  /** Whether the cluster has told its map at all. */
  get isKnown(): boolean {
    return this.#owners.length > 0;
  }

  owner(slot: number): string | undefined {
    return this.#owners[slot];
  }

  /** Addresses of the nodes that serve slots. */
  nodes(): Set<string> {
    return new Set(this.#owners.filter((owner) => owner !== undefined));
  }

  moved(slot: number, address: string): void {
    this.#owners[slot] = address;
  }

  /**
   * @param reply of CLUSTER SLOTS: `[from, to, [host, port, …], …replicas]`
   * @param asked the node that replied; a node that does not know its own name leaves the host empty
   * @throws Error for a reply that is none
   */
  replace(reply: unknown, asked: RedisNode): void {
    if (!Array.isArray(reply) || reply.length === 0) throw new Error('CLUSTER SLOTS answered no slots');
    const owners = new Array<string | undefined>(slotCount).fill(undefined);
    const known = new Set<string>();
    for (const range of reply as unknown[][]) {
      const [from, to, master] = range as [number, number, [string | null, number]];
      const isRange =
        Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to && to < slotCount;
      if (!isRange || !Array.isArray(master) || !Number.isInteger(master[1]))
        throw new Error('CLUSTER SLOTS answered a range that is none');
      const address = addressOf({ host: master[0] || asked.host, port: master[1] });
      owners.fill(address, from, to + 1);
      known.add(address);
    }
    if (known.size > nodesLimit) throw new Error(`the cluster has more than ${nodesLimit} nodes`);
    this.#owners = owners;
  }
}
