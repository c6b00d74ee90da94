import type { Clock } from '@concordat/runtime';
import QuickLRU from 'quick-lru';
import type { PartitionScripts } from '../bus/partition-scripts';
import { partitionOf } from '../bus/partition';
import { type Queue, queueName } from '../bus/queue';
import { oldestSeconds } from './message-age';

/** How a queue is, over all its partitions; undefined is not known. */
export interface QueueSample {
  readonly count: number;
  readonly leased: number;
  readonly dead: number;
  readonly delivered: number;
  readonly failed: number;
  readonly expired: number;
  readonly oldestSeconds: number | undefined;
  readonly consumers: ReadonlySet<string> | undefined;
  readonly deliveredPerSecond: number | undefined;
}

type Part = [...Counts, heads: string[], consumers: string[]];
type Counts = [string, string, string, string, string, string];

interface Kept {
  readonly sample: Promise<QueueSample>;
  readonly takenMs: number;
}

/** Nobody makes Redis count anew sooner: what is watched by many costs no more. */
const freshMs = 1_000;
/** A rate between samples that lie farther apart says little of now. */
const rateMs = 60_000;
const keptSamples = 10_000;
/** Queues in one script, so that no message waits long behind it. */
const scriptQueues = 100;
/** Beyond so many the consumers of a group in one partition are not told apart any more. */
const namedConsumers = 1_000;

/** Samples of queues, and from two of them the rate; each queue is looked at once a second at most. */
export class QueueSamples {
  readonly #kept = new QuickLRU<string, Kept>({ maxSize: keptSamples });

  constructor(
    private readonly scripts: Pick<PartitionScripts, 'run'>,
    private readonly partitions: number,
    private readonly clock: Pick<Clock, 'nowMs'>,
    private readonly monotonicMs: () => number,
  ) {}

  /** In the order of the queues. @throws ConcordatError SERVICE_UNAVAILABLE */
  read(queues: readonly Queue[]): Promise<QueueSample[]> {
    const takenMs = this.monotonicMs();
    const known = queues.map((queue) => this.#kept.get(queueName(queue)));
    const isFresh = (kept: Kept | undefined): kept is Kept =>
      kept !== undefined && takenMs - kept.takenMs < freshMs;
    const parts = this.#partsOf(queues.filter((_, i) => !isFresh(known[i])));
    return Promise.all(
      queues.map((queue, i) => {
        const before = known[i];
        return isFresh(before) ? before.sample : this.#take(queue, parts, takenMs, before);
      }),
    );
  }

  #take(
    queue: Queue,
    parts: Promise<Map<string, Part[]>>,
    takenMs: number,
    before: Kept | undefined,
  ): Promise<QueueSample> {
    const name = queueName(queue);
    const sample = parts.then((read) => this.#toSample(queue, read.get(name)!, takenMs, before));
    const kept = { sample, takenMs };
    this.#kept.set(name, kept);
    sample.catch(() => this.#forget(name, kept, before));
    return sample;
  }

  #forget(name: string, failed: Kept, before: Kept | undefined): void {
    if (this.#kept.peek(name) !== failed) return;
    if (before) this.#kept.set(name, before);
    else this.#kept.delete(name);
  }

  async #partsOf(queues: readonly Queue[]): Promise<Map<string, Part[]>> {
    const parts = new Map(queues.map((queue) => [queueName(queue), [] as Part[]]));
    const inPartition = async (partition: number): Promise<void> => {
      const names = queues.filter((queue) => this.#liesIn(queue, partition)).map(queueName);
      for (let first = 0; first < names.length; first += scriptQueues) {
        const some = names.slice(first, first + scriptQueues);
        const reply = await this.scripts.run('queueState', partition, [namedConsumers + 1, ...some]);
        (reply as Part[]).forEach((part, i) => parts.get(some[i]!)!.push(part));
      }
    };
    await Promise.all(Array.from({ length: this.partitions }, (_, partition) => inPartition(partition)));
    return parts;
  }

  #liesIn(queue: Queue, partition: number): boolean {
    return queue.kind === 'group' || partitionOf(queue.tenant, queue.did, this.partitions) === partition;
  }

  async #toSample(
    queue: Queue,
    parts: readonly Part[],
    takenMs: number,
    before: Kept | undefined,
  ): Promise<QueueSample> {
    const sum = (field: number): number => parts.reduce((total, part) => total + Number(part[field]), 0);
    const delivered = sum(3);
    return {
      ...{ count: sum(0), leased: sum(1), dead: sum(2), delivered, failed: sum(4), expired: sum(5) },
      oldestSeconds: oldestSeconds(
        parts.flatMap((part) => part[6]),
        this.clock.nowMs(),
      ),
      consumers: queue.kind === 'group' ? consumersOf(parts) : undefined,
      deliveredPerSecond: before && rateOf(await before.sample, before.takenMs, delivered, takenMs),
    };
  }
}

function consumersOf(parts: readonly Part[]): ReadonlySet<string> | undefined {
  if (parts.some((part) => part[7].length > namedConsumers)) return undefined;
  return new Set(parts.flatMap((part) => part[7]));
}

/** @returns undefined when the counter went back: then Redis has begun anew */
function rateOf(before: QueueSample, beforeMs: number, delivered: number, nowMs: number): number | undefined {
  const elapsedMs = nowMs - beforeMs;
  if (elapsedMs > rateMs || delivered < before.delivered) return undefined;
  return Math.round(((delivered - before.delivered) * 1_000_000) / elapsedMs) / 1_000;
}
