import type { StartedCluster } from '@concordat/processes';
import Redis from 'ioredis';
import { slotOf } from './slot-map';

/** A name whose hash tag lies on the given node of a cluster that was started by `startRedisCluster`. */
export function nameOn(node: number, prefix: string): string {
  for (let i = 0; ; i += 1) {
    const name = `${prefix}.${i}`;
    // The nodes share the slots in thirds, in order.
    if (Math.floor((slotOf(`{${name}}`) * 3) / 16_384) === node) return name;
  }
}

/** Moves a slot with all its keys to another node, as an operator does, key by key. @returns the number of keys */
export async function moveSlot(
  cluster: StartedCluster,
  slot: number,
  from: number,
  to: number,
): Promise<number> {
  const admins = cluster.nodes.map(({ url }) => new Redis(url));
  const ids = await Promise.all(admins.map((admin) => admin.cluster('MYID')));
  const [source, target] = [admins[from]!, admins[to]!];
  const { password } = new URL(cluster.nodes[0]!.url);
  let moved = 0;
  try {
    await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', ids[from]!);
    await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', ids[to]!);
    for (;;) {
      const [key] = (await source.call('CLUSTER', 'GETKEYSINSLOT', slot, 1)) as string[];
      if (key === undefined) break;
      const where = ['127.0.0.1', cluster.nodes[to]!.port, '', 0, 5_000, 'AUTH', password, 'KEYS', key];
      await source.call('MIGRATE', ...where);
      moved += 1;
    }
    for (const admin of [target, source, ...admins])
      await admin.call('CLUSTER', 'SETSLOT', slot, 'NODE', ids[to]!);
    return moved;
  } finally {
    admins.forEach((admin) => admin.disconnect());
  }
}
