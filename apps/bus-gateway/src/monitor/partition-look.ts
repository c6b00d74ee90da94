import type { Clock } from '@concordat/runtime';
import type { PartitionScripts } from '../bus/partition-scripts';
import { parseQueueName, type Queue } from '../bus/queue';
import { oldestSeconds } from './message-age';

export interface CrowdedQueue {
  readonly queue: Queue;
  /** Messages and dead letters: what counts against its bound. */
  readonly held: number;
}

/** How a partition is; undefined is not known. */
export interface PartitionLook {
  readonly partition: number;
  readonly feedLength: number;
  readonly leased: number;
  readonly delayed: number;
  readonly deadLetters: number;
  readonly messages: number | undefined;
  readonly oldestSeconds: number | undefined;
  /** Every queue with messages or dead letters; undefined when there are too many to look at. */
  readonly queues: readonly CrowdedQueue[] | undefined;
}

type Reply = [
  ...[feedLength: number, leased: number, delayed: number, dead: number, cursor: string],
  queues: [name: string, count: number, dead: number, heads: string[]][],
];

/** Queues in one script, so that no message waits long behind it, and in all. */
const scriptQueues = 200;
const lookedQueues = 20_000;

/** Walks through the queues of a partition. @throws ConcordatError SERVICE_UNAVAILABLE */
export async function lookAtPartition(
  scripts: Pick<PartitionScripts, 'run'>,
  partition: number,
  { nowMs }: Pick<Clock, 'nowMs'>,
): Promise<PartitionLook> {
  const seen = new Map<string, Reply[5][number]>();
  let cursor = '0';
  for (;;) {
    const reply = (await scripts.run('look', partition, [cursor, scriptQueues])) as Reply;
    const [feedLength, leased, delayed, deadLetters, next, some] = reply;
    for (const queue of some) seen.set(queue[0], queue);
    cursor = next;
    const figures = { partition, feedLength, leased, delayed, deadLetters };
    if (cursor === '0') return { ...figures, ...gather([...seen.values()], nowMs()) };
    if (seen.size > lookedQueues)
      return { ...figures, messages: undefined, oldestSeconds: undefined, queues: undefined };
  }
}

function gather(queues: readonly Reply[5][number][], nowMs: number) {
  return {
    messages: queues.reduce((total, [, count]) => total + count, 0),
    oldestSeconds: oldestSeconds(
      queues.flatMap(([, , , heads]) => heads),
      nowMs,
    ),
    queues: queues.flatMap(([name, count, dead]) => {
      const queue = parseQueueName(name);
      return queue ? [{ queue, held: count + dead }] : [];
    }),
  };
}
