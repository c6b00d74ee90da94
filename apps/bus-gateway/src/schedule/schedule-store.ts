import { join } from 'node:path';
import { limits, type OperationInput, type Principal, type Schedule } from '@concordat/contracts';
import { fromRedisError, LuaScript, type RedisConnection } from '@concordat/streams';

const putScript = new LuaScript(join(__dirname, 'commands', 'put-schedule-3.lua'));
const changeScript = new LuaScript(join(__dirname, 'commands', 'change-schedule-3.lua'));

export type ScheduledMessage = OperationInput<'message.send'>;
export type Owner = Exclude<Principal, { kind: 'anonymous' }>;

/** What is kept of a schedule, but for its message. */
export interface ScheduleRecord {
  readonly schedule: Schedule;
  /** Who made it; what it may do now is asked of the directory each time. */
  readonly owner: Owner;
  /** Hash of the request, to tell a repetition from another one. */
  readonly digest: string;
}

/** As it was read: a change is made to nothing else. */
export interface KeptSchedule extends ScheduleRecord {
  readonly text: string;
}

const tenantsKey = 'cc:{bus.schedules}:tenants';

/** The keys of a tenant; all are in one slot. */
const keysOf = (tenant: string): readonly [string, string, string] => {
  const base = `cc:{schedules.${tenant}}`;
  return [`${base}:records`, `${base}:messages`, `${base}:totals`];
};

/** The schedules of every tenant, in the durable Redis. */
export class ScheduleStore {
  constructor(private readonly redis: RedisConnection) {}

  /** Whether one more could be kept. @throws ConcordatError SCHEDULES_FULL, SERVICE_UNAVAILABLE */
  async requireRoom(record: ScheduleRecord, message: ScheduledMessage): Promise<void> {
    await this.#put(record, message, true);
  }

  /**
   * Keeps a new schedule; of one that is there, the first stays.
   * @throws ConcordatError SCHEDULES_FULL, SERVICE_UNAVAILABLE
   */
  async put(record: ScheduleRecord, message: ScheduledMessage): Promise<KeptSchedule> {
    const { tenant } = record.owner;
    // Before the first of its schedules: those of a tenant that nobody knows of would not be looked after.
    await this.#ask(this.redis.hset(tenantsKey, tenant, ''));
    return toKept((await this.#put(record, message, false))!);
  }

  /** @returns false when it was changed since it was read; @throws ConcordatError SERVICE_UNAVAILABLE */
  async change(kept: KeptSchedule, to: ScheduleRecord): Promise<boolean> {
    return this.#change(kept, JSON.stringify(to));
  }

  /** @returns false when it was changed since it was read; @throws ConcordatError SERVICE_UNAVAILABLE */
  async remove(kept: KeptSchedule): Promise<boolean> {
    return this.#change(kept, '');
  }

  /** @throws ConcordatError SERVICE_UNAVAILABLE */
  async get(tenant: string, id: string): Promise<KeptSchedule | undefined> {
    const text = await this.#ask(this.redis.hget(keysOf(tenant)[0], id));
    return text === null ? undefined : toKept(text);
  }

  /** @throws ConcordatError SERVICE_UNAVAILABLE */
  async message(tenant: string, id: string): Promise<ScheduledMessage | undefined> {
    const text = await this.#ask(this.redis.hget(keysOf(tenant)[1], id));
    return text === null ? undefined : (JSON.parse(text) as ScheduledMessage);
  }

  /** By id. @throws ConcordatError SERVICE_UNAVAILABLE */
  async all(tenant: string): Promise<KeptSchedule[]> {
    const records = await this.#ask(this.redis.hgetall(keysOf(tenant)[0]));
    return Object.keys(records)
      .sort()
      .map((id) => toKept(records[id]!));
  }

  /** Tenants that have, or have had, schedules. @throws ConcordatError SERVICE_UNAVAILABLE */
  async tenants(): Promise<string[]> {
    return Object.keys(await this.#ask(this.redis.hgetall(tenantsKey)));
  }

  async #put(record: ScheduleRecord, message: ScheduledMessage, asksOnly: boolean): Promise<string | null> {
    const { schedule, owner } = record;
    const [records, messages, totals] = keysOf(owner.tenant);
    const kept = await putScript.run(
      this.redis,
      [records, messages, totals],
      [
        ...[schedule.id, JSON.stringify(record), JSON.stringify(message), schedule.owner],
        ...[asksOnly ? '1' : '', limits.schedulesPerOwner, limits.schedules, limits.scheduleStoreBytes],
      ],
    );
    return kept as string | null;
  }

  async #change({ schedule, owner, text }: KeptSchedule, to: string): Promise<boolean> {
    const args = [schedule.id, text, to, schedule.owner];
    return (await changeScript.run(this.redis, [...keysOf(owner.tenant)], args)) === 1;
  }

  #ask<T>(asked: Promise<T>): Promise<T> {
    return asked.catch((error: unknown) => Promise.reject(fromRedisError(error) as Error));
  }
}

/** Takes a schedule away, and what it has planned. @throws ConcordatError SERVICE_UNAVAILABLE */
export async function removeSchedule(
  store: ScheduleStore,
  queue: { forget(id: string, atMs: number): Promise<void> },
  tenant: string,
  id: string,
): Promise<void> {
  for (;;) {
    const kept = await store.get(tenant, id);
    if (!kept) return;
    const { nextAt } = kept.schedule;
    if (nextAt !== null) await queue.forget(id, Date.parse(nextAt));
    // It may have fired in between, and is another one then.
    if (await store.remove(kept)) return;
  }
}

const toKept = (text: string): KeptSchedule => ({ ...(JSON.parse(text) as ScheduleRecord), text });
