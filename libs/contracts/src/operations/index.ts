import type { InputOf, OperationSpec, OutputOf, RequestOf } from '../operation';
import { agentOperations } from './agent';
import { agentLifeOperations } from './agent-life';
import { agentTypeOperations } from './agent-type';
import { apiKeyOperations } from './api-key';
import { auditOperations } from './audit';
import { authOperations } from './auth';
import { credentialOperations } from './credential';
import { delegationOperations } from './delegation';
import { didOperations } from './did';
import { directoryOperations } from './directory';
import { messageOperations } from './message';
import { policyOperations } from './policy';
import { sessionOperations } from './session';
import { signingKeyOperations } from './signing-key';
import { tokenOperations } from './token';
import { userOperations } from './user';
import { vaultOperations } from './vault';

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
  ...vaultOperations,
  ...auditOperations,
});

export type Operations = typeof operations;
export type OperationName = keyof Operations;
export type OperationInput<N extends OperationName> = InputOf<Operations[N]>;
export type OperationRequest<N extends OperationName> = RequestOf<Operations[N]>;
export type OperationOutput<N extends OperationName> = OutputOf<Operations[N]>;

/** @returns undefined for a name that is not in the catalogue, inherited names such as `constructor` included */
export const findOperation = (name: string): OperationSpec | undefined =>
  Object.hasOwn(operations, name) ? operations[name as OperationName] : undefined;

export const operationList: readonly OperationSpec[] = Object.freeze(Object.values(operations));
