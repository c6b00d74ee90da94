import {
  AuditLabelsDeclared,
  type EventEnvelope,
  type EventSpec,
  GovernanceLogged,
  HeldRowsDropped,
  LegalHoldPlaced,
  LegalHoldReleased,
  MetricRecorded,
  PartitionDropped,
  RecordsDropped,
  RetentionChanged,
  sourceUri,
  WorkflowEnded,
  WorkflowStarted,
} from '@concordat/contracts';
import { isErasure } from '../erasure/erasure';
import type { RetentionClass } from './retention-class';

/** What audit-service says of rows that stay: what went by right, and what rows of its other tables have to be. */
const ofAudit: readonly EventSpec[] = [
  ...[
    PartitionDropped,
    HeldRowsDropped,
    RecordsDropped,
    RetentionChanged,
    LegalHoldPlaced,
    LegalHoldReleased,
  ],
  ...[AuditLabelsDeclared, GovernanceLogged, MetricRecorded, WorkflowStarted, WorkflowEnded],
];
const types = new Set<string>(ofAudit.map(({ type }) => type));
const audit = sourceUri('audit');

/**
 * Whether an event is kept for ever, whatever its tenant has chosen: without it nobody could tell a row that went by right
 * from one that was taken out. From sources that are chained and signed only: a stranger fills no table that never goes.
 */
export const isLasting = (event: Pick<EventEnvelope, 'type' | 'source'>): boolean =>
  (event.source === audit && types.has(event.type)) || isErasure(event);

/** Where such events lie. */
export const lastingClass: RetentionClass = 'forever';
