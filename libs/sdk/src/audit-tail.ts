import {
  type OperationOutput,
  type OperationRequest,
  operations,
  problem as problemSchema,
} from '@concordat/contracts';
import { backoffMs, type Random } from './call/backoff';
import type { Caller, CallOptions } from './call/caller';
import { eventsOf } from './call/server-sent-events';
import { requireOutput } from './call/wire-answer';
import type { Clock } from './clock';
import type { Invoke } from './operation-groups';
import { ConcordatProblem, isConcordatProblem } from './problem';

export type AuditEvent = OperationOutput<'audit.stream'>;
export type TailFilter = OperationRequest<'audit.stream'>;

export interface TailPorts {
  readonly caller: Pick<Caller, 'open'>;
  readonly invoke: Invoke;
  readonly clock: Clock;
  readonly random: Random;
}

/** Codes after which the stream can be had again, from this gateway or another. */
const passing = [
  'CONNECTION_FAILED',
  'DEADLINE_EXCEEDED',
  'SERVICE_UNAVAILABLE',
  'OVERLOADED',
  'DIRECTORY_STALE',
  'TOKEN_EXPIRED',
] as const;

const never = new AbortController().signal;

/**
 * Events as they enter the log, each once and none left out: a stream that breaks is opened again behind the last event,
 * until the reader stops or the signal fires.
 * @throws ConcordatProblem what makes going on senseless; the reason of the signal
 */
export async function* followTrail(
  ports: TailPorts,
  filter: TailFilter = {},
  options: CallOptions = {},
): AsyncGenerator<AuditEvent> {
  const { caller, clock, random } = ports;
  let lastEventId = filter.lastEventId ?? (await endOfLog(ports, options));
  for (let failures = 0; ;) {
    try {
      for await (const item of itemsOf(
        await caller.open('audit.stream', { ...filter, lastEventId }, options),
      )) {
        failures = 0;
        lastEventId = item.logIndex;
        yield item;
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!isConcordatProblem(error, ...passing)) throw error;
    }
    await clock.sleep(backoffMs(++failures, random), options.signal ?? never);
  }
}

async function* itemsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<AuditEvent> {
  for await (const { event, data } of eventsOf(body)) {
    if (event === 'item') yield eventIn(data);
    if (event === 'error') throw problemIn(data);
  }
}

function eventIn(data: string): AuditEvent {
  const item = parseJson(data);
  requireOutput(operations['audit.stream'], item, { status: 200, traceId: null });
  return item as AuditEvent;
}

function problemIn(data: string): ConcordatProblem {
  const told = problemSchema.safeParse(parseJson(data));
  if (!told.success) return new ConcordatProblem('ANSWER_INVALID');
  const { code, ...fields } = told.data;
  return new ConcordatProblem(code, fields);
}

function parseJson(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw new ConcordatProblem('ANSWER_INVALID');
  }
}

/** Where the log ends now, so that what comes before the first event of a stream that breaks is not missed. */
async function endOfLog({ invoke }: TailPorts, { signal }: CallOptions): Promise<number | undefined> {
  const { body } = await invoke('audit.checkpoint', {}, { signal });
  const size = Number(Buffer.from(body, 'base64url').toString().split('\n')[1]);
  return size === 0 ? undefined : size - 1;
}
