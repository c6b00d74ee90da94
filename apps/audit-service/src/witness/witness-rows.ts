import { BigIntType, EntitySchema } from '@mikro-orm/postgresql';

const bigint = new BigIntType('number');

/** The checkpoint of another log that was cosigned last. */
export interface WitnessedLogRow {
  origin: string;
  size: number;
  root: Uint8Array;
  /** With the signature of the log, and our cosignature. */
  note: string;
}

export const WitnessedLog = new EntitySchema<WitnessedLogRow>({
  name: 'WitnessedLog',
  tableName: 'witnessed_logs',
  properties: {
    origin: { type: 'text', primary: true },
    size: { type: bigint },
    root: { type: 'uint8array' },
    note: { type: 'text' },
  },
});

/** What a witness has cosigned of this log, last. */
export interface LogCosignatureRow {
  /** Verifier key of the witness. */
  witness: string;
  size: number;
  /** Signature line of the checkpoint of that size, with its newline. */
  line: string;
}

export const LogCosignature = new EntitySchema<LogCosignatureRow>({
  name: 'LogCosignature',
  tableName: 'log_cosignatures',
  properties: {
    witness: { type: 'text', primary: true },
    size: { type: bigint },
    line: { type: 'text' },
  },
});
