import {
  actorOf,
  ConcordatError,
  findOperation,
  type OperationInput,
  type Principal,
  type Schedule,
  ScheduleCreated,
  ScheduleDeleted,
  ScheduleResumed,
} from '@concordat/contracts';
import { canonicalJson, sha256, toBase64url, utf8 } from '@concordat/crypto';
import type { Authorizer } from '@concordat/directory';
import {
  activeTraceparent,
  type Clock,
  type OperationContext,
  type OperationHandlers,
} from '@concordat/runtime';
import type { Feed } from '@concordat/streams';
import { pageByName } from '../topic/name-cursor';
import { firstTime, nextTime } from './planned-times';
import { ownerOf } from './schedule-owner';
import type { ScheduleQueue } from './schedule-queue';
import { type KeptSchedule, removeSchedule, type ScheduleRecord, type ScheduleStore } from './schedule-store';

export interface SchedulePorts {
  readonly store: ScheduleStore;
  readonly queue: Pick<ScheduleQueue, 'plan' | 'forget'>;
  readonly feed: Pick<Feed, 'append'>;
  readonly authorizer: Pick<Authorizer, 'authorize'>;
  readonly clock: Clock;
}

type Create = OperationInput<'schedule.create'>;

/** The operations `schedule.*`. What changes a schedule is in the audit feed before it is in force. */
export function scheduleHandlers(ports: SchedulePorts) {
  const { store, queue, clock } = ports;
  return {
    'schedule.create': async (input, context) => {
      const { tenant } = context.principal;
      const id = scheduleIdOf(context.commandId!);
      const before = await store.get(tenant, id);
      const { schedule } = before ? repeated(before, input) : await create(ports, id, input, context);
      // Also of a repetition: the first attempt may have come no further.
      if (schedule.nextAt !== null) await queue.plan(tenant, id, Date.parse(schedule.nextAt));
      return { output: schedule, position: null };
    },

    'schedule.get': async ({ id }, { principal }) => {
      const { schedule } = await find(store, principal, id);
      const message = await store.message(principal.tenant, id);
      if (!message) throw new ConcordatError('SCHEDULE_UNKNOWN');
      return { output: { ...schedule, message }, position: null };
    },

    'schedule.list': async (page, { principal }) => {
      const all = await store.all(principal.tenant);
      const seen = all.filter((kept) => canSee(principal, kept)).map(({ schedule }) => schedule);
      return { output: pageByName(seen, ({ id }) => id, page), position: null };
    },

    'schedule.resume': async ({ id }, context) => {
      const { tenant } = context.principal;
      for (;;) {
        const kept = await find(store, context.principal, id);
        const schedule = resumed(kept, clock.nowMs());
        if (kept.schedule.status === 'paused') {
          const data = { scheduleId: id, owner: schedule.owner, nextAt: schedule.nextAt };
          await record(ports, ScheduleResumed, data, context);
          // Another one may have come first.
          if (!(await store.change(kept, { schedule, owner: kept.owner, digest: kept.digest }))) continue;
        }
        if (schedule.nextAt !== null) await queue.plan(tenant, id, Date.parse(schedule.nextAt));
        return { output: schedule, position: null };
      }
    },

    'schedule.delete': async ({ id }, context) => {
      const { schedule } = await find(store, context.principal, id);
      await record(ports, ScheduleDeleted, { scheduleId: id, owner: schedule.owner }, context);
      await removeSchedule(store, queue, context.principal.tenant, id);
      return { output: { id, deletedAt: clock.now().toISOString() }, position: null };
    },
  } satisfies OperationHandlers;
}

/** The same command makes the same schedule. */
const scheduleIdOf = (commandId: string): string =>
  `sch_${Buffer.from(sha256(utf8(`concordat/schedule/v1 ${commandId}`)))
    .toString('hex')
    .slice(0, 32)}`;

const digestOf = (input: Create): string => toBase64url(sha256(canonicalJson(input)));

/** @throws ConcordatError IDEMPOTENCY_KEY_REUSED */
function repeated(before: KeptSchedule, input: Create): KeptSchedule {
  if (before.digest !== digestOf(input)) throw new ConcordatError('IDEMPOTENCY_KEY_REUSED');
  return before;
}

/** @throws ConcordatError POLICY_DENIED, SCHEDULE_TIME_INVALID, SCHEDULES_FULL */
async function create(
  ports: SchedulePorts,
  id: string,
  input: Create,
  context: OperationContext,
): Promise<KeptSchedule> {
  const { principal, address } = context;
  const { message, name = null, at = null, cron = null, timezone = null, everySeconds = null } = input;
  // Asked again whenever it fires; but what cannot be sent now need not wait for its refusal.
  ports.authorizer.authorize(findOperation('message.send')!, message, { principal, address });
  const now = ports.clock.now();
  const createdAt = now.toISOString();
  const rule = { at, cron, timezone, everySeconds, until: input.until ?? null, createdAt };
  const nextAt = new Date(firstTime(rule, now.getTime())).toISOString();
  const { to, type } = message;
  const schedule: Schedule = {
    ...{ id, name, owner: actorOf(principal), status: 'active', to, type },
    ...{ ...rule, nextAt, firedAt: null, refusals: 0 },
  };
  const made: ScheduleRecord = { schedule, owner: ownerOf(principal), digest: digestOf(input) };
  await ports.store.requireRoom(made, message);
  const { createdAt: _, ...told } = rule;
  await record(ports, ScheduleCreated, { scheduleId: id, owner: schedule.owner, to, type, ...told }, context);
  return repeated(await ports.store.put(made, message), input);
}

/** @throws ConcordatError SCHEDULE_TIME_INVALID when it has no time to come */
function resumed({ schedule }: ScheduleRecord, nowMs: number): Schedule {
  if (schedule.status === 'active') return schedule;
  const nextMs = nextTime(schedule, nowMs);
  if (nextMs === undefined)
    throw new ConcordatError(
      'SCHEDULE_TIME_INVALID',
      'The schedule has no time to come; create another one.',
    );
  return { ...schedule, status: 'active', refusals: 0, nextAt: new Date(nextMs).toISOString() };
}

const canSee = (principal: Principal, { schedule }: ScheduleRecord): boolean =>
  principal.scopes.includes('admin') || schedule.owner === actorOf(principal);

/** @throws ConcordatError SCHEDULE_UNKNOWN */
async function find(store: ScheduleStore, principal: Principal, id: string): Promise<KeptSchedule> {
  const kept = await store.get(principal.tenant, id);
  if (!kept || !canSee(principal, kept)) throw new ConcordatError('SCHEDULE_UNKNOWN');
  return kept;
}

const record = (
  { feed }: SchedulePorts,
  spec: typeof ScheduleCreated | typeof ScheduleResumed | typeof ScheduleDeleted,
  data: Readonly<Record<string, unknown>>,
  { principal, conversation }: OperationContext,
): Promise<void> =>
  feed.append({
    ...{ spec, tenant: principal.tenant, actor: actorOf(principal), data },
    ...{ correlation: conversation, traceparent: activeTraceparent() },
  });
