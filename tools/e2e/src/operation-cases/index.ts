import { findOperation, operationList, type StreamName } from '@concordat/contracts';
import type { PublicOperationName } from '@concordat/sdk';
import { agentLife } from './agent-life';
import { bridges } from './bridges';
import { governance, workflows } from './governance';
import { identity } from './identity';
import { limits } from './limits';
import { memory } from './memory';
import { messaging } from './messaging';
import { monitoring } from './monitoring';
import { people } from './people';
import { policies } from './policies';
import { schedules } from './schedules';
import { schemas } from './schemas';
import { streams } from './streams';
import { deadLetters, topics } from './topics';
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
  ...schemas,
  ...schedules,
  ...topics,
  ...deadLetters,
  ...monitoring,
  ...limits,
  ...bridges,
  ...memory,
  ...trail,
  ...governance,
  ...workflows,
};

/** The same for every stream. */
export const streamCases: Readonly<Record<StreamName, OperationCase>> = streams;

export const publicStreams = operationList
  .filter(({ kind }) => kind === 'stream')
  .map(({ name }) => name as StreamName);

/** Those that answer once. */
export const publicOperations = operationList
  .filter(({ http, kind }) => http !== undefined && kind !== 'stream')
  .map(({ name }) => name as PublicOperationName);

/** The process without which an operation cannot be served; undefined for those that the gateway serves from memory. */
export function neededProcess(name: PublicOperationName): string | undefined {
  if (['auth.token', 'auth.login', 'auth.refresh', 'auth.exchange', 'auth.revoke'].includes(name))
    return 'iam-service';
  if (name.startsWith('auth.') || name === 'did.resolve') return undefined;
  const { service } = findOperation(name)!;
  return service === 'bus' ? 'redis' : `${service}-service`;
}
