import {
  asConcordatError,
  actorOf,
  ConcordatError,
  type ErrorCode,
  findOperation,
  hasScope,
  limits,
  type OperationInput,
  type OperationOutput,
  ScheduleFired,
  ScheduleSkipped,
} from '@concordat/contracts';
import type { Authorizer, Directory, Freshness } from '@concordat/directory';
import type { Clock, OperationContext, OperationResult } from '@concordat/runtime';
import type { Feed } from '@concordat/streams';
import { commandIdOf } from '../edge/command-id';
import type { Limits } from '../limits/limits';
import { dueTime, nextTime } from './planned-times';
import { ownerNow } from './schedule-owner';
import type { KeptSchedule, ScheduleRecord, ScheduleStore } from './schedule-store';

export interface FiringPorts {
  readonly store: ScheduleStore;
  readonly feed: Pick<Feed, 'append'>;
  readonly clock: Clock;
  readonly directory: Directory;
  readonly freshness: Pick<Freshness, 'require'>;
  readonly authorizer: Pick<Authorizer, 'authorize'>;
  readonly limits: Pick<Limits, 'admitMessages'>;
  /** The handler of message.send. */
  send(
    input: OperationInput<'message.send'>,
    context: Pick<OperationContext, 'principal' | 'commandId'>,
  ): Promise<OperationResult<OperationOutput<'message.send'>>>;
  /** Has a schedule fired at a time; a repetition changes nothing. */
  plan(tenant: string, id: string, atMs: number): Promise<void>;
}

type Outcome = { readonly messageId: string } | { readonly code: ErrorCode };

/** Not the schedule is refused, but everybody: it is tried again. */
const notNow: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['SERVICE_UNAVAILABLE', 'OVERLOADED', 'DIRECTORY_STALE', 'POSITION_NOT_REACHED'] as const),
]);

/**
 * Fires a schedule for a planned time: once for each, however many gateways try and however often. What follows comes
 * after what it follows from: the message, its event, the state, the next time. Whoever comes after a crash finds where
 * it was.
 * @throws ConcordatError of `notNow`: then it can be repeated
 */
export async function fire(ports: FiringPorts, tenant: string, id: string, plannedMs: number): Promise<void> {
  const kept = await ports.store.get(tenant, id);
  // Deleted, or paused.
  if (!kept || kept.schedule.nextAt === null) return;
  const nextMs = Date.parse(kept.schedule.nextAt);
  // It was fired for, but perhaps no further.
  if (nextMs !== plannedMs) return ports.plan(tenant, id, nextMs);
  const dueMs = dueTime(kept.schedule, plannedMs, ports.clock.nowMs());
  const outcome = await attempt(ports, kept, dueMs);
  const record = after(kept, dueMs, outcome);
  await announce(ports, kept, record, dueMs, outcome);
  const { nextAt, status } = record.schedule;
  const isLast = nextAt === null && status === 'active';
  await (isLast ? ports.store.remove(kept) : ports.store.change(kept, record));
  if (nextAt !== null) await ports.plan(tenant, id, Date.parse(nextAt));
}

/** As message.send with the credential of the owner would be carried out now. */
async function attempt(
  ports: FiringPorts,
  { schedule, owner }: KeptSchedule,
  dueMs: number,
): Promise<Outcome> {
  const { store, clock, directory, freshness, authorizer } = ports;
  const operation = findOperation('message.send')!;
  try {
    freshness.require();
    const principal = ownerNow(directory, owner, clock.nowMs());
    const message = await store.message(owner.tenant, schedule.id);
    if (!message) throw new ConcordatError('SCHEDULE_UNKNOWN');
    if (!hasScope(principal, operation.scope!)) throw new ConcordatError('SCOPE_MISSING');
    authorizer.authorize(operation, message, { principal, address: null });
    await ports.limits.admitMessages(principal, 1);
    // Not the name of message.send: no key that the owner chooses must be the one of a firing.
    const commandId = commandIdOf({ name: 'schedule.fire' }, principal, `${schedule.id}@${dueMs}`);
    const { output } = await ports.send(message, { principal, commandId });
    return { messageId: output.id };
  } catch (error) {
    const known = asConcordatError(error);
    if (notNow.has(known.code)) throw known;
    return { code: known.code };
  }
}

/** The schedule after it has fired, or was refused, for a planned time. */
function after({ schedule, owner, digest }: ScheduleRecord, dueMs: number, outcome: Outcome): ScheduleRecord {
  const nextMs = nextTime(schedule, dueMs);
  const next = nextMs === undefined ? null : new Date(nextMs).toISOString();
  if ('messageId' in outcome) {
    const firedAt = new Date(dueMs).toISOString();
    return { schedule: { ...schedule, nextAt: next, firedAt, refusals: 0 }, owner, digest };
  }
  const refusals = schedule.refusals + 1;
  const isPaused = next !== null && refusals >= limits.scheduleRefusals;
  const status = isPaused ? 'paused' : schedule.status;
  return { schedule: { ...schedule, status, refusals, nextAt: isPaused ? null : next }, owner, digest };
}

async function announce(
  { feed }: FiringPorts,
  { owner, schedule: { id: scheduleId } }: KeptSchedule,
  { schedule: { refusals, status } }: ScheduleRecord,
  dueMs: number,
  outcome: Outcome,
): Promise<void> {
  const actor = actorOf(owner);
  const data = { scheduleId, owner: actor, plannedAt: new Date(dueMs).toISOString() };
  const told =
    'messageId' in outcome
      ? { spec: ScheduleFired, data: { ...data, messageId: outcome.messageId } }
      : {
          spec: ScheduleSkipped,
          data: { ...data, code: outcome.code, refusals, paused: status === 'paused' },
        };
  await feed.append({ ...told, tenant: owner.tenant, actor, correlation: null, traceparent: null });
}
