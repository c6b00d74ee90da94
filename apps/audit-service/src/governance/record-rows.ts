import { BigIntType, EntitySchema } from '@mikro-orm/postgresql';

/** What every record of governance has. */
interface RecordRow {
  tenant: string;
  /** UUIDv7 */
  id: string;
  /** Whom it is about, and under whose key its texts are: a DID, `user:<id>`, `apiKey:<id>`. */
  subject: string;
  /** Who had it recorded, as proven. */
  actor: string;
  recordedAt: Date;
  /** SHA-256: record-hash.ts */
  hash: Uint8Array;
}

const common = {
  tenant: { type: 'text', primary: true },
  id: { type: 'text', primary: true },
  subject: { type: 'text' },
  actor: { type: 'text' },
  recordedAt: { type: 'datetime' },
  hash: { type: 'uint8array' },
} as const;

const text = { type: 'text', nullable: true } as const;
const bytes = { type: 'uint8array', nullable: true } as const;

export interface LogRow extends RecordRow {
  mode: string;
  action: string;
  outcome: string | null;
  workflowId: string | null;
  correlationId: string | null;
  occurredAt: Date;
  /** Of the line that it was imported from. */
  lineHash: Uint8Array | null;
  bodyKeyId: string;
  /** AIM context, details and the imported line, encrypted: record-text.ts */
  body: Uint8Array;
}

export const GovernanceLog = new EntitySchema<LogRow>({
  name: 'GovernanceLog',
  tableName: 'governance_logs',
  properties: {
    ...common,
    mode: { type: 'text' },
    action: { type: 'text' },
    outcome: text,
    workflowId: text,
    correlationId: text,
    occurredAt: { type: 'datetime' },
    lineHash: bytes,
    bodyKeyId: { type: 'text' },
    body: { type: 'uint8array' },
  },
});

export interface MetricRow extends RecordRow {
  name: string;
  value: number;
  unit: string | null;
  mode: string | null;
  workflowId: string | null;
  measuredAt: Date;
}

export const GovernanceMetric = new EntitySchema<MetricRow>({
  name: 'GovernanceMetric',
  tableName: 'governance_metrics',
  properties: {
    ...common,
    name: { type: 'text' },
    value: { type: 'double' },
    unit: text,
    mode: text,
    workflowId: text,
    measuredAt: { type: 'datetime' },
  },
});

export interface WorkflowRow extends RecordRow {
  name: string;
  mode: string | null;
  correlationId: string | null;
  status: string;
  startedAt: Date;
  /** null while it runs, like all that tells of the end */
  endedAt: Date | null;
  durationMs: number | null;
  endedBy: string | null;
  parametersKeyId: string | null;
  /** Encrypted, like the result: record-text.ts */
  parameters: Uint8Array | null;
  resultKeyId: string | null;
  result: Uint8Array | null;
}

export const WorkflowExecution = new EntitySchema<WorkflowRow>({
  name: 'WorkflowExecution',
  tableName: 'workflow_executions',
  properties: {
    ...common,
    name: { type: 'text' },
    mode: text,
    correlationId: text,
    status: { type: 'text' },
    startedAt: { type: 'datetime' },
    endedAt: { type: 'datetime', nullable: true },
    durationMs: { type: new BigIntType('number'), nullable: true },
    endedBy: text,
    parametersKeyId: text,
    parameters: bytes,
    resultKeyId: text,
    result: bytes,
  },
});

export type GovernanceRow = LogRow | MetricRow | WorkflowRow;
