import { BigIntType, EntitySchema } from '@mikro-orm/postgresql';

const bigint = new BigIntType('number');

/** Where the log ends. One row; its lock makes one sequencer out of any number of processes. */
export interface LogStateRow {
  id: number;
  /** Whose log it is: a database belongs to the key that signs it. */
  vkey: string;
  size: number;
  root: Uint8Array;
  /** When its last entries were put into it; never goes back. */
  loggedAt: Date;
  /** Counts the changes of partitions and of what belongs into them: who knows this number knows them. */
  retentionVersion: number;
}

/** The only row. */
export const logId = 1;

export const LogState = new EntitySchema<LogStateRow>({
  name: 'LogState',
  tableName: 'log_state',
  properties: {
    id: { type: 'smallint', primary: true },
    vkey: { type: 'text' },
    size: { type: bigint },
    root: { type: 'uint8array' },
    loggedAt: { type: 'datetime' },
    retentionVersion: { type: bigint },
  },
});

export interface LogEntryRow {
  leafIndex: number;
  eventId: string;
  leaf: Uint8Array;
}

export const LogEntry = new EntitySchema<LogEntryRow>({
  name: 'LogEntry',
  tableName: 'log_entries',
  properties: {
    leafIndex: { type: bigint, primary: true },
    eventId: { type: 'text' },
    leaf: { type: 'uint8array' },
  },
});

export interface LogTileRow {
  level: number;
  index: number;
  hashes: Uint8Array;
}

export const LogTile = new EntitySchema<LogTileRow>({
  name: 'LogTile',
  tableName: 'log_tiles',
  properties: {
    level: { type: 'smallint', primary: true },
    index: { type: bigint, primary: true },
    hashes: { type: 'uint8array' },
  },
});

export interface LogCheckpointRow {
  size: number;
  /** C2SP signed note */
  note: string;
  /** Size of the checkpoint before, 0 of the first: so that none can be taken out of the row. */
  previous: number;
}

export const LogCheckpoint = new EntitySchema<LogCheckpointRow>({
  name: 'LogCheckpoint',
  tableName: 'log_checkpoints',
  properties: {
    size: { type: bigint, primary: true },
    note: { type: 'text' },
    previous: { type: bigint },
  },
});
