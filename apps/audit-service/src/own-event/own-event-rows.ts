import { BigIntType, EntitySchema } from '@mikro-orm/postgresql';

const bigint = new BigIntType('number');

/** Where the own events end. One row; its lock gives positions without a gap, in the order of commit. */
export interface OwnHeadRow {
  id: number;
  /** Of new events; minted with the database. */
  epoch: number;
  headEpoch: number;
  position: number;
  hash: Uint8Array;
}

export const OwnHead = new EntitySchema<OwnHeadRow>({
  name: 'OwnHead',
  tableName: 'own_head',
  properties: {
    id: { type: 'smallint', primary: true },
    epoch: { type: bigint },
    headEpoch: { type: bigint },
    position: { type: bigint },
    hash: { type: 'uint8array' },
  },
});

/** An event of audit-service itself, until it is in the log: its outbox. */
export interface OwnEventRow {
  position: number;
  epoch: number;
  prevEpoch: number;
  tenant: string;
  type: string;
  subject: string;
  actor: string;
  time: string;
  correlation: string | null;
  traceparent: string | null;
  /** JSON text with sealed fields encrypted */
  data: string;
  prevHash: Uint8Array;
  hash: Uint8Array;
}

export const OwnEventEntity = new EntitySchema<OwnEventRow>({
  name: 'OwnEvent',
  tableName: 'own_events',
  properties: {
    position: { type: bigint, primary: true },
    epoch: { type: bigint },
    prevEpoch: { type: bigint },
    tenant: { type: 'text' },
    type: { type: 'text' },
    subject: { type: 'text' },
    actor: { type: 'text' },
    time: { type: 'text' },
    correlation: { type: 'text', nullable: true },
    traceparent: { type: 'text', nullable: true },
    data: { type: 'text' },
    prevHash: { type: 'uint8array' },
    hash: { type: 'uint8array' },
  },
});

/** A command that was carried out: enough to answer a repetition. */
export interface OwnCommandRow {
  tenant: string;
  id: string;
  /** keyed hash of the request */
  digest: Uint8Array;
  output: object;
  epoch: number;
  position: number;
  at: Date;
}

export const OwnCommand = new EntitySchema<OwnCommandRow>({
  name: 'OwnCommand',
  tableName: 'own_commands',
  properties: {
    tenant: { type: 'text', primary: true },
    id: { type: 'text', primary: true },
    digest: { type: 'uint8array' },
    output: { type: 'json' },
    epoch: { type: bigint },
    position: { type: bigint },
    at: { type: 'datetime' },
  },
});
