import type { Verification } from '@concordat/contracts';
import { BigIntType, EntitySchema } from '@mikro-orm/postgresql';
import type { DatabaseFault } from './fault';
import type { Phase } from './database-verification';

export interface VerificationRow {
  id: string;
  status: Exclude<Verification['status'], 'interrupted'>;
  startedAt: Date;
  /** When the job that does it last said so. */
  seenAt: Date;
  finishedAt: Date | null;
  phase: Phase | null;
  checked: number;
  size: number;
  faultCount: number;
  faults: readonly DatabaseFault[];
}

const bigint = new BigIntType('number');

export const VerificationEntity = new EntitySchema<VerificationRow>({
  name: 'Verification',
  tableName: 'audit_verifications',
  properties: {
    id: { type: 'text', primary: true },
    status: { type: 'text' },
    startedAt: { type: 'datetime' },
    seenAt: { type: 'datetime' },
    finishedAt: { type: 'datetime', nullable: true },
    phase: { type: 'text', nullable: true },
    checked: { type: bigint },
    size: { type: bigint },
    faultCount: { type: bigint },
    faults: { type: 'json' },
  },
});
