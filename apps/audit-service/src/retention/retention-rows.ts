import { EntitySchema } from '@mikro-orm/postgresql';
import type { RetentionClass } from './retention-class';

/** What is kept apart: the events of the log, and messages with their status. */
export const dataKinds = ['events', 'messages'] as const;
export type DataKind = (typeof dataKinds)[number];
export const tableOf = { events: 'audit_events', messages: 'message_audit_log' } as const satisfies Record<
  DataKind,
  string
>;

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
