import { GovernanceLogged, type OperationOutput } from '@concordat/contracts';
import type { OperationHandlers } from '@concordat/runtime';
import { causedBy, type OwnEvent } from '../own-event/own-events';
import type { GovernancePorts } from './governance-ports';
import { hexOf, newRecord, requireWorkflow } from './record';
import { recordHash, type Unhashed } from './record-hash';
import { integrityOf } from './record-integrity';
import { GovernanceLog, type LogRow } from './record-rows';
import { openText, sealText } from './record-text';
import { requirePast } from './record-time';
import type { DatedTable } from './record-queries';

type Item = OperationOutput<'governance.logs'>['items'][number];
/** What is encrypted of a record. */
type LogText = Pick<Item, 'aim' | 'details' | 'original'>;

const logs: DatedTable<LogRow> = {
  entity: GovernanceLog,
  time: 'occurredAt',
  bytesOf: ({ body }) => body.byteLength,
};

/** The operations `governance.log` and `governance.logs`. */
export function governanceLogHandlers(ports: GovernancePorts) {
  const { queries, trail, ownEvents, sealer, clock } = ports;
  return {
    'governance.log': async (input, context) => {
      const { mode, action, aim, outcome = null, details = null, correlationId } = input;
      const now = clock.now();
      const occurredAt = input.occurredAt === undefined ? now : new Date(input.occurredAt);
      requirePast('/occurredAt', occurredAt.getTime(), now.getTime());
      const record = newRecord(context, now);
      const key = await sealer.keyOf(record.tenant, record.subject);
      return ownEvents.command(context, input, async (em, append) => {
        const workflowId = await requireWorkflow(em, context, input.workflowId);
        const row = logRow(
          key,
          { aim, details, original: null },
          {
            ...{ ...record, mode, action, outcome, workflowId, occurredAt, lineHash: null },
            correlationId: correlationId ?? context.conversation,
          },
        );
        await em.insert(GovernanceLog, row);
        append({ ...causedBy(context), ...loggedEvent(row) });
        return { id: row.id, recordedAt: now.toISOString(), hash: hexOf(row.hash) };
      });
    },
    'governance.logs': ({ from, to, limit, cursor, ...filter }, context) =>
      trail.query(context, async (reach) => {
        const { rows, nextCursor } = await queries.page(logs, reach, filter, { from, to, limit, cursor });
        const items = await Promise.all(rows.map((row) => toItem(ports, row)));
        return { results: items.length, answer: { output: { items, nextCursor }, position: null } };
      }),
  } satisfies OperationHandlers;
}

/** @param key of the subject */
export function logRow(
  key: Parameters<typeof sealText>[0],
  text: LogText,
  open: Omit<LogRow, 'hash' | 'body' | 'bodyKeyId'>,
): LogRow {
  const { tenant, id } = open;
  const { keyId, box } = sealText(key, { tenant, id, part: 'log' }, { ...text });
  const row: Unhashed<LogRow> = { ...open, bodyKeyId: keyId, body: box };
  return { ...row, hash: recordHash(row) };
}

/** What binds the record to the log. */
export const loggedEvent = (row: LogRow): Pick<OwnEvent, 'spec' | 'data'> => ({
  spec: GovernanceLogged,
  data: {
    ...{ id: row.id, subject: row.subject, mode: row.mode, action: row.action, outcome: row.outcome },
    ...{ workflowId: row.workflowId, occurredAt: row.occurredAt.toISOString(), hash: hexOf(row.hash) },
    lineHash: row.lineHash && hexOf(row.lineHash),
  },
});

async function toItem(ports: GovernancePorts, row: LogRow): Promise<Item> {
  const { tenant, id, bodyKeyId, body } = row;
  const text = (await openText(ports.sealer, { tenant, id, part: 'log' }, bodyKeyId, body)) as LogText | null;
  return {
    ...{ id, actor: row.actor, subject: row.subject, recordedAt: row.recordedAt.toISOString() },
    ...{ hash: hexOf(row.hash), integrity: integrityOf(ports, row) },
    occurredAt: row.occurredAt.toISOString(),
    mode: row.mode as Item['mode'],
    action: row.action,
    outcome: row.outcome as Item['outcome'],
    workflowId: row.workflowId,
    correlationId: row.correlationId,
    aim: text?.aim ?? null,
    details: text?.details ?? null,
    original: text?.original ?? null,
  };
}
