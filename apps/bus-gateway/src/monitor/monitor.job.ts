import { AlertCleared, AlertRaised, defaultTenant } from '@concordat/contracts';
import { type Clock, type Logger, problemListener } from '@concordat/runtime';
import { busSource, type Feed } from '@concordat/streams';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { PartitionScripts } from '../bus/partition-scripts';
import { queueAddress } from '../bus/queue';
import { type Alert, alertName, type Change, changesOf, type Reading } from './alert-rules';
import type { AlertStore } from './alert-store';
import { hidePartition, showPartition } from './bus-metrics';
import { lookAtPartition, type PartitionLook } from './partition-look';

/** Between two looks at the bus. */
export const lookMs = 10_000;
/** Dead letters are counted over so long. */
const growthMs = 60_000;

export interface MonitorPorts {
  readonly scripts: Pick<PartitionScripts, 'run'>;
  readonly alerts: AlertStore;
  readonly feed: Pick<Feed, 'append'>;
  readonly partitions: number;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly monotonicMs: () => number;
  readonly logger: Logger;
}

interface Buried {
  readonly atMs: number;
  readonly deadLetters: number;
}

/**
 * Watches the bus from one gateway at a time: the one that holds the lease looks at every partition, shows what it sees as
 * metrics, and puts alerts into the audit feed.
 */
export class MonitorJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #buried = new Map<number, Buried[]>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(private readonly ports: MonitorPorts) {}

  onApplicationBootstrap(): void {
    const onError = problemListener(this.ports.logger, 'monitor');
    this.#timer = setInterval(() => {
      // One at a time: a look at a slow Redis may outlast the pause.
      this.#looking ??= this.look()
        .catch(onError)
        .finally(() => (this.#looking = undefined));
    }, lookMs);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** One look, if this gateway is on the watch. @throws ConcordatError SERVICE_UNAVAILABLE */
  async look(): Promise<void> {
    const { alerts, scripts, partitions, clock } = this.ports;
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    try {
      if (!(await alerts.holdLease())) {
        for (const partition of all) hidePartition(partition);
        this.#buried.clear();
        return;
      }
      // One after the other: the watch must not be felt.
      const looks: PartitionLook[] = [];
      for (const partition of all) looks.push(await lookAtPartition(scripts, partition, clock));
      for (const look of looks) showPartition(look);
      await this.#alert(looks);
    } catch (error) {
      for (const partition of all) hidePartition(partition);
      throw error;
    }
  }

  async #alert(looks: readonly PartitionLook[]): Promise<void> {
    const { alerts } = this.ports;
    const raised = await alerts.raised();
    const readings = [
      ...looks.flatMap((look) => this.#readingsOf(look)),
      ...queueReadings(looks, [...raised.values()]),
    ];
    for (const change of changesOf(raised, readings)) {
      // A gateway that ends in between tells it again: rather twice than never.
      await this.#tell(change);
      if (change.past === 'raised') await alerts.keep(change);
      else await alerts.drop(change);
    }
  }

  #tell({ past, tenant, kind, on, value, threshold }: Change): Promise<void> {
    this.ports.logger.warn({ tenant, kind, on, value, threshold }, `alert ${past}`);
    return this.ports.feed.append({
      spec: past === 'raised' ? AlertRaised : AlertCleared,
      ...{ tenant, actor: 'service:bus', data: { kind, on, value, threshold } },
      ...{ correlation: null, traceparent: null },
    });
  }

  #readingsOf(look: PartitionLook): Reading[] {
    const of = { on: busSource(look.partition), tenant: defaultTenant };
    // What is behind a leased message of its key may wait long, and is at the head of no list.
    const oldest = look.messages === 0 ? 0 : look.oldestSeconds;
    return [
      { ...of, kind: 'feedBacklog', value: look.feedLength },
      { ...of, kind: 'oldestWait', value: oldest },
      { ...of, kind: 'deadLetters', value: this.#growth(look) },
    ];
  }

  /** Dead letters that have come since the oldest look within the minute; unknown at the first one. */
  #growth({ partition, deadLetters }: PartitionLook): number | undefined {
    const nowMs = this.ports.monotonicMs();
    const before = (this.#buried.get(partition) ?? []).filter(({ atMs }) => nowMs - atMs <= growthMs);
    this.#buried.set(partition, [...before, { atMs: nowMs, deadLetters }]);
    const [first] = before;
    return first && Math.max(0, deadLetters - first.deadLetters);
  }
}

/** How full queues are; one that is up and holds nothing any more is found in no partition. */
function queueReadings(looks: readonly PartitionLook[], raised: readonly Alert[]): Reading[] {
  const isComplete = looks.every(({ queues }) => queues !== undefined);
  const held = new Map<string, Reading>();
  for (const { queue, held: value } of looks.flatMap(({ queues }) => queues ?? [])) {
    const alert = { kind: 'inboxFull', on: queueAddress(queue), tenant: queue.tenant } as const;
    // A group has the bound in every partition of its own.
    const other = held.get(alertName(alert))?.value ?? 0;
    held.set(alertName(alert), { ...alert, value: Math.max(value, other) });
  }
  const gone = raised.filter((alert) => alert.kind === 'inboxFull' && !held.has(alertName(alert)));
  const unseen = gone.map((alert): Reading => ({ ...alert, value: isComplete ? 0 : undefined }));
  return [...held.values(), ...unseen];
}
