import { actorOf, ScheduleDeleted } from '@concordat/contracts';
import { isWithin } from '@concordat/runtime';
import { type QueueConnectionOptions, waitingConnection } from '@concordat/streams';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Worker } from 'bullmq';
import { fire, type FiringPorts } from './firing';
import { type FiringJob, plannedTimeOf, queueName, queuePrefix } from './schedule-queue';
import { hasEnded } from './schedule-owner';
import { type KeptSchedule, removeSchedule } from './schedule-store';

const firingsAtOnce = 16;
/** What a gateway has begun and does not renew is begun anew by another one after so long, and a look for it. */
const lockMs = 10_000;
const stalledLookMs = 5_000;
const repairPauseMs = 30_000;
/** A firing that is later than this has been forgotten. */
const lateMs = 30_000;
const stopMs = 3_000;

export interface ScheduleJobOptions {
  readonly ports: FiringPorts & RepairPorts;
  readonly connection: QueueConnectionOptions;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Fires what is due, from every gateway: whoever comes first does it. */
export class ScheduleJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #worker: Worker<FiringJob, void, 'fire'> | undefined;
  #connection: ReturnType<typeof waitingConnection> | undefined;
  #isStopped = false;

  constructor(private readonly options: ScheduleJobOptions) {}

  onApplicationBootstrap(): void {
    const { ports, connection } = this.options;
    const run = ({ id, data }: { readonly id?: string; readonly data: FiringJob }): Promise<void> =>
      fire(ports, data.tenant, data.id, plannedTimeOf(id!));
    this.#connection = waitingConnection(connection);
    this.#worker = new Worker(queueName, run, {
      ...{ connection: this.#connection, prefix: queuePrefix, concurrency: firingsAtOnce },
      ...{ lockDuration: lockMs, stalledInterval: stalledLookMs, maxStalledCount: 1_000 },
    });
    this.#worker.on('error', connection.onError);
    void this.#repair();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#isStopped = true;
    const worker = this.#worker;
    // What does not end is begun anew elsewhere.
    if (worker && !(await isWithin(stopMs, worker.close()))) await worker.disconnect();
    this.#connection?.disconnect();
  }

  async #repair(): Promise<void> {
    while (!this.#isStopped) {
      await repair(this.options.ports).catch(this.options.connection.onError);
      await this.options.sleep(repairPauseMs);
    }
  }
}

export interface RepairPorts extends Pick<FiringPorts, 'store' | 'feed' | 'directory' | 'plan' | 'clock'> {
  forget(id: string, atMs: number): Promise<void>;
}

/**
 * Plans anew what should have fired and has not: whoever made or fired it went away before it was planned. Removes what
 * belongs to an owner who was revoked or erased, with the message in it. Of everything else it changes nothing.
 * @throws ConcordatError SERVICE_UNAVAILABLE
 */
export async function repair(ports: RepairPorts): Promise<void> {
  const { store, directory, plan, clock } = ports;
  for (const tenant of await store.tenants()) {
    for (const kept of await store.all(tenant)) {
      const { schedule, owner } = kept;
      const nextMs = schedule.nextAt === null ? Infinity : Date.parse(schedule.nextAt);
      if (hasEnded(directory, owner)) await removeOfEnded(ports, kept);
      else if (nextMs + lateMs < clock.nowMs()) await plan(tenant, schedule.id, nextMs);
    }
  }
}

async function removeOfEnded(ports: RepairPorts, { schedule: { id }, owner }: KeptSchedule): Promise<void> {
  const { store, feed } = ports;
  const data = { scheduleId: id, owner: actorOf(owner) };
  const told = { tenant: owner.tenant, actor: 'service:bus', correlation: null, traceparent: null };
  await feed.append({ ...told, spec: ScheduleDeleted, data });
  await removeSchedule(store, ports, owner.tenant, id);
}
