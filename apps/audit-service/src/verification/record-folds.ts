import { createHash } from 'node:crypto';
import {
  AuditLabelsDeclared,
  GovernanceLogged,
  LegalHoldPlaced,
  LegalHoldReleased,
  MetricRecorded,
  RetentionChanged,
  sourceUri,
  WorkflowEnded,
  WorkflowStarted,
} from '@concordat/contracts';
import { canonicalJson } from '@concordat/crypto';
import { classOf, type Keep } from '../retention/retention-class';
import type { RecordTableName } from './record-tables';
import { microseconds } from './event-pages';
import type { ToldEvent } from './later-events';
import { PartedFolds } from './parted-folds';

/** What events tell of a row: digests of what it has to say since it is there, and since it was ended or released. */
export interface ToldRecord {
  readonly first: string | null;
  readonly last: string | null;
}

/** One event about one row. */
interface Fact {
  readonly table: RecordTableName;
  readonly id: string;
  readonly at: keyof ToldRecord;
  readonly digest: string;
}

type Data = Readonly<Record<string, unknown>> & { readonly id: string; readonly hash: string };

const authority = sourceUri('audit');
const recorded =
  (table: RecordTableName, at: keyof ToldRecord) =>
  (_: ToldEvent, { id, hash }: Data) => ({
    ...{ table, id, at, digest: hash },
  });
const facts: Readonly<Record<string, (event: ToldEvent, data: Data) => Fact>> = {
  [GovernanceLogged.type]: recorded('governance_logs', 'first'),
  [MetricRecorded.type]: recorded('governance_metrics', 'first'),
  [WorkflowStarted.type]: recorded('workflow_executions', 'first'),
  [WorkflowEnded.type]: recorded('workflow_executions', 'last'),
  [AuditLabelsDeclared.type]: ({ tenant, time }, { labels }) => ({
    ...{ table: 'audit_labels', id: tenant, at: 'first' },
    digest: digestOf([labels, microsOf(time)]),
  }),
  [LegalHoldPlaced.type]: ({ time, actor }, { id, reason, heldSubject, correlationId, from, to }) => ({
    ...{ table: 'legal_holds', id, at: 'first' },
    digest: digestOf([
      ...[reason, heldSubject, correlationId, microsOf(from), microsOf(to), microsOf(time), actor],
    ]),
  }),
  [LegalHoldReleased.type]: ({ time, actor }, { id }) => ({
    ...{ table: 'legal_holds', id, at: 'last' },
    digest: digestOf([microsOf(time), actor]),
  }),
  [RetentionChanged.type]: (_, { kind, keep, since }) => ({
    ...{ table: 'retention_settings', id: `${kind as string}/${microsOf(since)}`, at: 'first' },
    digest: digestOf([classOf(keep as Keep)]),
  }),
};

/** Events that bind rows of the tables of audit-service itself. */
export const recordTypes: readonly string[] = Object.keys(facts);
/** Those that tell of a row first, under the key of its subject. */
export const firstRecordTypes: Readonly<Record<string, RecordTableName>> = {
  [GovernanceLogged.type]: 'governance_logs',
  [MetricRecorded.type]: 'governance_metrics',
  [WorkflowStarted.type]: 'workflow_executions',
};

/** Adds up what audit-service has said of its own tables. */
export class RecordFolds extends PartedFolds<ToldRecord> {
  /** @param event as it was logged, or on its way there; events of a tenant in their order */
  add(event: ToldEvent): void {
    const factOf = Object.hasOwn(facts, event.type) ? facts[event.type] : undefined;
    // A stranger may put whatever he likes into a feed.
    if (!factOf || event.source !== authority) return;
    const { table, id, at, digest } = factOf(event, JSON.parse(event.data) as Data);
    const nothing: ToldRecord = { first: null, last: null };
    this.fold(recordName(table, event.tenant, id), (before = nothing) => ({ ...before, [at]: digest }));
  }
}

/** Neither a table nor a tenant has a space in its name. */
export const recordName = (table: RecordTableName, tenant: string, id: string): string =>
  `${table} ${tenant} ${id}`;

/** Of columns as they are stored; times are texts of microseconds. */
export const digestOf = (columns: readonly unknown[]): string =>
  createHash('sha256').update(canonicalJson(columns)).digest('base64url');

const microsOf = (time: unknown): string | null =>
  typeof time === 'string' ? String(microseconds(time)) : null;
