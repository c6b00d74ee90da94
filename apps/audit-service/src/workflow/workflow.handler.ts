import {
  actorOf,
  ConcordatError,
  type EndedStatus,
  type JsonValue,
  WorkflowEnded,
  WorkflowStarted,
} from '@concordat/contracts';
import type { DataKey } from '@concordat/keystore';
import type { OperationContext, OperationHandlers } from '@concordat/runtime';
import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import type { GovernancePorts } from '../governance/governance-ports';
import { hexOf, newRecord, within } from '../governance/record';
import { recordHash, type Unhashed } from '../governance/record-hash';
import { WorkflowExecution, type WorkflowRow } from '../governance/record-rows';
import { sealText, type TextPlace } from '../governance/record-text';
import { causedBy } from '../own-event/own-events';
import { reachOf } from '../trail/trail';
import { workflowDecider, type WorkflowState } from './workflow.decider';

/** The operations `workflow.start` and `workflow.end`. */
export function workflowHandlers({ ownEvents, sealer, clock }: GovernancePorts) {
  return {
    'workflow.start': async (input, context) => {
      const now = clock.now();
      const startedAt = input.startedAt === undefined ? now : new Date(input.startedAt);
      const command = {
        kind: 'StartWorkflow',
        startedAtMs: startedAt.getTime(),
        nowMs: now.getTime(),
      } as const;
      workflowDecider.decide(command, workflowDecider.initialState);
      const open = newRecord(context, now);
      const key = await sealer.keyOf(open.tenant, open.subject);
      const row = startedRow(open, input, startedAt, context, key);
      return ownEvents.command(context, input, async (em, append) => {
        await em.insert(WorkflowExecution, row);
        const { id, subject, name, mode } = row;
        const hash = hexOf(row.hash);
        const times = { startedAt: startedAt.toISOString() };
        append({
          ...{ ...causedBy(context), spec: WorkflowStarted },
          data: { id, subject, name, mode, hash, ...times },
        });
        return { id, status: 'running' as const, ...times, recordedAt: now.toISOString(), hash };
      });
    },
    'workflow.end': (input, context) =>
      ownEvents.command(context, input, async (em, append) => {
        const before = await locked(em, context, input.id);
        const now = clock.now();
        const endedAtMs = input.endedAt === undefined ? now.getTime() : Date.parse(input.endedAt);
        const command = {
          kind: 'EndWorkflow',
          status: input.status,
          endedAtMs,
          nowMs: now.getTime(),
        } as const;
        const state = workflowDecider
          .decide(command, stateOf(before))
          .reduce((folded, fact) => workflowDecider.evolve(folded, fact, ''), stateOf(before));
        const { status, durationMs } = state!.end!;
        const key = await sealer.keyOf(before.tenant, before.subject);
        const end = { status, endedAt: new Date(endedAtMs), durationMs, endedBy: actorOf(context.principal) };
        const row = endedRow(before, end, input.result, key);
        const { tenant, id, subject, ...changed } = row;
        await em.nativeUpdate(WorkflowExecution, { tenant, id }, changed);
        const told = { id, status, endedAt: end.endedAt.toISOString(), durationMs, hash: hexOf(row.hash) };
        append({ ...causedBy(context), spec: WorkflowEnded, data: { ...told, subject } });
        return { ...told, startedAt: row.startedAt.toISOString() };
      }),
  } satisfies OperationHandlers;
}

/** The row, which nobody else ends meanwhile. @throws ConcordatError WORKFLOW_UNKNOWN */
async function locked(em: EntityManager, { principal }: OperationContext, id: string): Promise<WorkflowRow> {
  const where = { ...within(reachOf(principal)), id };
  const lock = { lockMode: LockMode.PESSIMISTIC_WRITE, disableIdentityMap: true } as const;
  const row = await em.findOne(WorkflowExecution, where, lock);
  if (!row) throw new ConcordatError('WORKFLOW_UNKNOWN');
  return row;
}

function stateOf({ status, startedAt, endedAt, durationMs }: WorkflowRow): WorkflowState {
  const startedAtMs = startedAt.getTime();
  if (endedAt === null || durationMs === null) return { startedAtMs, end: null };
  return { startedAtMs, end: { status: status as EndedStatus, endedAtMs: endedAt.getTime(), durationMs } };
}

function startedRow(
  open: ReturnType<typeof newRecord>,
  input: {
    readonly name: string;
    readonly mode?: string;
    readonly parameters?: JsonValue;
    readonly correlationId?: string;
  },
  startedAt: Date,
  { conversation }: OperationContext,
  key: DataKey,
): WorkflowRow {
  const { keyId, box } = sealedPart(
    key,
    { tenant: open.tenant, id: open.id, part: 'parameters' },
    input.parameters,
  );
  return hashed({
    ...{
      ...open,
      name: input.name,
      mode: input.mode ?? null,
      correlationId: input.correlationId ?? conversation,
    },
    ...{ status: 'running', startedAt, endedAt: null, durationMs: null, endedBy: null },
    ...{ parametersKeyId: keyId, parameters: box, resultKeyId: null, result: null },
  });
}

function endedRow(
  { hash: _, ...before }: WorkflowRow,
  end: Pick<WorkflowRow, 'status' | 'endedAt' | 'durationMs' | 'endedBy'>,
  result: JsonValue | undefined,
  key: DataKey,
): WorkflowRow {
  const { keyId, box } = sealedPart(key, { tenant: before.tenant, id: before.id, part: 'result' }, result);
  return hashed({ ...before, ...end, resultKeyId: keyId, result: box });
}

const hashed = (row: Unhashed<WorkflowRow>): WorkflowRow => ({ ...row, hash: recordHash(row) });

const sealedPart = (key: DataKey, place: TextPlace, text: JsonValue | undefined) =>
  text === undefined ? { keyId: null, box: null } : sealText(key, place, text);
