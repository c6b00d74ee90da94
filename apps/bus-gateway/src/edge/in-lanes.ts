/** Items of one request that are carried out at the same time. */
const itemsAtOnce = 16;

/** Items of a lane in their order, and so many lanes at once. @returns in the order of the items */
export async function inLanes<T extends object, R>(
  items: readonly T[],
  run: (item: T) => Promise<R>,
): Promise<R[]> {
  const lanes = new Map<string, number>();
  const queues: number[][] = Array.from({ length: itemsAtOnce }, () => []);
  for (const [index, item] of items.entries()) {
    const lane = 'lane' in item ? String(item.lane) : '';
    if (!lanes.has(lane)) lanes.set(lane, lanes.size % itemsAtOnce);
    queues[lanes.get(lane)!]!.push(index);
  }
  const results: R[] = [];
  await Promise.all(
    queues.map(async (queue) => {
      for (const index of queue) results[index] = await run(items[index]!);
    }),
  );
  return results;
}
