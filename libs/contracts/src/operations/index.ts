import type { InputOf, OperationSpec, OutputOf, RequestOf } from '../operation';
import { agentOperations } from './agent';
import { agentLifeOperations } from './agent-life';
import { agentTypeOperations } from './agent-type';
import { apiKeyOperations } from './api-key';
import { auditOperations } from './audit';
import { auditHistoryOperations } from './audit-history';
import { auditLabelOperations } from './audit-label';
import { auditStatisticsOperations } from './audit-statistics';
import { auditExportOperations } from './audit-export';
import { auditTailOperations } from './audit-tail';
import { auditRetentionOperations } from './audit-retention';
import { auditAnomalyOperations } from './audit-anomalies';
import { auditErasureOperations } from './audit-erasures';
import { auditVerificationOperations } from './audit-verification';
import { auditWitnessOperations } from './audit-witness';
import { authOperations } from './auth';
import { bridgeOperations } from './bridge';
import { credentialOperations } from './credential';
import { deadLetterOperations } from './dead-letter';
import { delegationOperations } from './delegation';
import { didOperations } from './did';
import { directoryOperations } from './directory';
import { governanceOperations } from './governance';
import { inboxOperations } from './inbox';
import { limitOperations } from './limit';
import { messageOperations } from './message';
import { policyOperations } from './policy';
import { scheduleOperations } from './schedule';
import { schemaOperations } from './schema';
import { sessionOperations } from './session';
import { signingKeyOperations } from './signing-key';
import { streamOperations } from './stream';
import { tokenOperations } from './token';
import { subscriptionOperations, topicOperations } from './topic';
import { userOperations } from './user';
import { vaultOperations } from './vault';
import { workflowOperations } from './workflow';

/** Every operation of the system, by name. */
export const operations = Object.freeze({
  ...authOperations,
  ...tokenOperations,
  ...delegationOperations,
  ...signingKeyOperations,
  ...agentOperations,
  ...agentLifeOperations,
  ...agentTypeOperations,
  ...didOperations,
  ...apiKeyOperations,
  ...policyOperations,
  ...credentialOperations,
  ...userOperations,
  ...sessionOperations,
  ...directoryOperations,
  ...messageOperations,
  ...inboxOperations,
  ...topicOperations,
  ...subscriptionOperations,
  ...deadLetterOperations,
  ...streamOperations,
  ...bridgeOperations,
  ...limitOperations,
  ...schemaOperations,
  ...scheduleOperations,
  ...vaultOperations,
  ...auditOperations,
  ...auditHistoryOperations,
  ...auditStatisticsOperations,
  ...auditLabelOperations,
  ...auditExportOperations,
  ...auditTailOperations,
  ...governanceOperations,
  ...workflowOperations,
  ...auditRetentionOperations,
  ...auditAnomalyOperations,
  ...auditErasureOperations,
  ...auditVerificationOperations,
  ...auditWitnessOperations,
});

export type Operations = typeof operations;
export type OperationName = keyof Operations;
/** Operations that answer with a stream of items, and those that answer once. */
export type StreamName = {
  [N in OperationName]: Operations[N] extends { readonly kind: 'stream' } ? N : never;
}[OperationName];
/** Streams that a service behind the gateway makes: it is asked for one chunk after the other. */
export type ChunkedName = {
  [N in StreamName]: Operations[N] extends { readonly service: 'bus' } ? never : N;
}[StreamName];
export type UnaryName = Exclude<OperationName, StreamName>;
export type OperationInput<N extends OperationName> = InputOf<Operations[N]>;
export type OperationRequest<N extends OperationName> = RequestOf<Operations[N]>;
export type OperationOutput<N extends OperationName> = OutputOf<Operations[N]>;

/** @returns undefined for a name that is not in the catalogue, inherited names such as `constructor` included */
export const findOperation = (name: string): OperationSpec | undefined =>
  Object.hasOwn(operations, name) ? operations[name as OperationName] : undefined;

export const operationList: readonly OperationSpec[] = Object.freeze(Object.values(operations));
