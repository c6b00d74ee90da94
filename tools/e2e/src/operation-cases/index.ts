import { findOperation, operationList } from '@concordat/contracts';
import type { PublicOperationName } from '@concordat/sdk';
import { agentLife } from './agent-life';
import { identity } from './identity';
import { memory } from './memory';
import { messaging } from './messaging';
import { people } from './people';
import { policies } from './policies';
import { trail } from './trail';
import type { OperationCase } from './world';

export * from './world';

/** A success and a refusal for every operation that has a route: the compiler says which one is missing. */
export const operationCases: Readonly<Record<PublicOperationName, OperationCase>> = {
  ...identity,
  ...policies,
  ...agentLife,
  ...people,
  ...messaging,
  ...memory,
  ...trail,
};

export const publicOperations = operationList
  .filter(({ http }) => http !== undefined)
  .map(({ name }) => name as PublicOperationName);

/** The process without which an operation cannot be served; undefined for those that the gateway serves from memory. */
export function neededProcess(name: PublicOperationName): string | undefined {
  if (['auth.token', 'auth.login', 'auth.refresh', 'auth.exchange', 'auth.revoke'].includes(name))
    return 'iam-service';
  if (name.startsWith('auth.') || name === 'did.resolve') return undefined;
  const { service } = findOperation(name)!;
  return service === 'bus' ? 'redis' : `${service}-service`;
}
