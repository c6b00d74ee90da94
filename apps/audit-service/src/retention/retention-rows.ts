import { EntitySchema } from '@mikro-orm/postgresql';
import type { RetentionClass } from './retention-class';

/** What is kept apart: the events of the log, and messages with their status. */
export const dataKinds = ['events', 'messages'] as const;
export type DataKind = (typeof dataKinds)[number];
export const tableOf = { events: 'audit_events', messages: 'message_audit_log' } as const satisfies Record<
  DataKind,
  string
>;

/** Records of governance. They have no partitions: they are few, and go with the events that vouch for them. */
export const recordKinds = ['governance', 'metrics', 'workflows'] as const;
export type RecordKind = (typeof recordKinds)[number];

export interface RecordTable {
  readonly table: string;
  /** When a record was made, or ended, in SQL as the index has it. */
  readonly at: string;
  /** Which of them can be over. */
  readonly isOver: string;
}
export const recordTables: Readonly<Record<RecordKind, RecordTable>> = {
  governance: { table: 'governance_logs', at: 'recorded_at', isOver: 'true' },
  metrics: { table: 'governance_metrics', at: 'recorded_at', isOver: 'true' },
  workflows: {
    table: 'workflow_executions',
    at: 'GREATEST(recorded_at, ended_at)',
    isOver: "status <> 'running'",
  },
};

/** How long a tenant keeps what comes after `since`. Settings are added, never changed: what came before keeps its class. */
export interface RetentionSettingRow {
  tenant: string;
  kind: DataKind;
  since: Date;
  retentionClass: RetentionClass;
}

export const RetentionSetting = new EntitySchema<RetentionSettingRow>({
  name: 'RetentionSetting',
  tableName: 'retention_settings',
  properties: {
    tenant: { type: 'text', primary: true },
    kind: { type: 'text', primary: true },
    since: { type: 'datetime', primary: true },
    retentionClass: { type: 'text' },
  },
});

/** A partition, from `fromTime` on, before `toTime`. */
export interface RetentionPartitionRow {
  name: string;
  kind: DataKind;
  retentionClass: RetentionClass;
  fromTime: Date;
  toTime: Date;
  /** It is about to be dropped: nothing is written into it any more. */
  isClosed: boolean;
}

export const RetentionPartition = new EntitySchema<RetentionPartitionRow>({
  name: 'RetentionPartition',
  tableName: 'retention_partitions',
  properties: {
    name: { type: 'text', primary: true },
    kind: { type: 'text' },
    retentionClass: { type: 'text' },
    fromTime: { type: 'datetime' },
    toTime: { type: 'datetime' },
    isClosed: { type: 'boolean' },
  },
});
