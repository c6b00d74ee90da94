import { messageId } from '@concordat/contracts';
import fc from 'fast-check';
import { v7 as uuidV7 } from 'uuid';
import {
  messageIdIn,
  partitionGeneration,
  partitionKeys,
  partitionOf,
  partitionOfMessage,
} from './partition';

/** Slot of a key in Redis Cluster: what stands between the first `{` and the next `}`. */
const tagOf = (key: string): string | undefined => /\{([^}]+)\}/.exec(key)?.[1];

describe('the partition of an inbox', () => {
  it('is the same for ever, for this generation', () => {
    // Changing these moves inboxes: raise partitionGeneration and migrate.
    expect(partitionGeneration).toBe(1);
    const dids = ['did:key:z6MkA', 'did:key:z6MkB', 'did:key:z6MkC'];
    expect(dids.map((did) => partitionOf('default', did, 64))).toEqual([2, 47, 8]);
  });

  it('is one of the partitions, and inboxes spread over all of them', () => {
    const counts = new Array<number>(8).fill(0);
    for (let i = 0; i < 4_000; i++) counts[partitionOf('default', `did:key:${i}`, 8)]!++;
    for (const count of counts) expect(count).toBeGreaterThan(400);
  });

  it('depends on the tenant as well', () => {
    const partitions = new Set(Array.from({ length: 50 }, (_, i) => partitionOf(`t${i}`, 'did', 256)));
    expect(partitions.size).toBeGreaterThan(20);
  });
});

describe('the id of a message', () => {
  it('names its partition and is a message id of the contract', () => {
    fc.assert(
      fc.property(fc.nat({ max: 255 }), (partition) => {
        const id = messageIdIn(partition, uuidV7());
        expect(messageId.safeParse(id).success).toBe(true);
        expect(partitionOfMessage(id, 256)).toBe(partition);
      }),
    );
  });

  it('of another generation, of a partition that is not there, or of nothing at all / has no partition', () => {
    const uuid = uuidV7();
    for (const id of [`msg-2-0-${uuid}`, `msg-1-4-${uuid}`, `msg-1-999-${uuid}`, 'msg-1-x', '', uuid])
      expect(partitionOfMessage(id, 4)).toBeUndefined();
    fc.assert(
      fc.property(fc.string(), (text) => partitionOfMessage(text.replace(/^msg/, ''), 4) === undefined),
    );
  });
});

describe('the keys of a partition', () => {
  it('share one slot, so that one script may touch them in a cluster', () => {
    const { source: _, events, clock, doorbell, ...made } = partitionKeys(3);
    const all = [events, clock, doorbell, ...Object.values(made).map((make) => make('default', 'x'))];
    expect(new Set(all.map(tagOf))).toEqual(new Set(['bus.3']));
    expect(new Set(all).size).toBe(all.length);
  });

  it('begin with the tenant, so that no name of one tenant is a name of another', () => {
    const { groups, idempotency } = partitionKeys(0);
    for (const key of [groups('a', 'x'), idempotency('a', 'x')]) expect(key).toContain(':a:x');
  });
});
