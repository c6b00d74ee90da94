export * from './challenge';
export * from './cloud-event/cloud-event-context';
export * from './delegation';
export * from './email';
export * from './envelope';
export * from './error-catalogue';
export * from './errors';
export * from './events';
export * from './events/agent-life';
export * from './events/alert';
export * from './events/anomaly';
export * from './events/audit';
export * from './events/audit-label';
export * from './events/bridge';
export * from './events/bus';
export * from './events/credential';
export * from './events/erasure';
export * from './events/event';
export * from './events/governance';
export * from './events/iam';
export * from './events/limit';
export * from './events/policy';
export * from './events/retention';
export * from './events/schedule';
export * from './events/audit-verification';
export * from './events/user';
export * from './events/vault';
export * from './json/strict-json';
export * from './key-history';
export * from './key-rotation';
export * from './keys';
export * from './limits';
export * from './names';
export * from './operation';
export * from './operations';
export { agentIdentity, type AgentIdentity } from './operations/agent';
export { auditEvent, auditMessage, inclusionBundle, type InclusionBundle } from './operations/audit';
export { type LegalHold, type RetainedPartition } from './operations/audit-retention';
export {
  type Anomaly,
  type AnomalyKind,
  anomalyKind,
  type AnomalySettings,
  anomalySettings,
} from './operations/audit-anomalies';
export { type AuditErasure, erasableSubject } from './operations/audit-erasures';
export { type Verification } from './operations/audit-verification';
export { type ApiKeyView } from './operations/api-key';
export { type BridgeView } from './operations/bridge';
export { delegation, type Delegation } from './operations/delegation';
export { type DirectoryEntry, directoryEntry } from './operations/directory';
export {
  aim,
  type Aim,
  dragMode,
  type DragMode,
  governanceOutcome,
  type GovernanceView,
  governanceView,
  type GovernanceViewRow,
  label,
} from './operations/governance';
export { type Delivery } from './operations/inbox';
export { durability } from './operations/message';
export { type AuditLabel, auditLabel } from './operations/audit-label';
export { type LimitKind, limitKind, type LimitSetting, limitSetting } from './operations/limit';
export { type Schedule, schedule } from './operations/schedule';
export { type RegisteredSchema } from './operations/schema';
export { type SessionView } from './operations/session';
export { type StreamGroupView, type StreamView } from './operations/stream';
export { delegationTokenType } from './operations/token';
export { type UserView } from './operations/user';
export { consentScope } from './operations/vault';
export { type EndedStatus, endedStatus, type WorkflowStatus, workflowStatus } from './operations/workflow';
export * from './pages';
export * from './policy';
export * from './position';
export * from './principal';
export * from './problem';
export * from './proto-files';
export * from './redis-url';
export * from './roles';
export * from './session-withdrawal';
