import { actorOf, ConcordatError, type Principal } from '@concordat/contracts';
import type { OperationContext } from '@concordat/runtime';
import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 as uuidV7 } from 'uuid';
import { rowsWhere } from '../store/bulk';
import { reachOf, type Reach } from '../trail/trail';
import { WorkflowExecution } from './record-rows';

/** Whom what somebody records is about, unless something else is said: himself, under the name that events have for him. */
export const subjectOf = ({ kind, id }: Principal): string => (kind === 'agent' ? id : `${kind}:${id}`);

/** What every new record says of itself. */
export const newRecord = ({ principal }: OperationContext, now: Date) => ({
  ...{ tenant: principal.tenant, id: uuidV7(), subject: subjectOf(principal), actor: actorOf(principal) },
  recordedAt: now,
});

/** What of the records a reader may see. */
export const within = ({ tenant, names }: Reach) =>
  names === null ? { tenant } : { tenant, subject: { $in: [...names] } };

/** @throws ConcordatError WORKFLOW_UNKNOWN when the caller may not see it, or there is none */
export async function requireWorkflow(
  em: EntityManager,
  { principal }: OperationContext,
  id: string | undefined,
): Promise<string | null> {
  if (id === undefined) return null;
  const where = { ...within(reachOf(principal)), id };
  if ((await em.count(WorkflowExecution, where)) === 0) throw new ConcordatError('WORKFLOW_UNKNOWN');
  return id;
}

/** Whoever writes or deletes many records of a tenant does so alone, to the end of the transaction. */
export const holdRecords = (em: EntityManager, tenant: string): Promise<unknown> =>
  rowsWhere(em, 'SELECT pg_advisory_xact_lock(hashtextextended((?::text[])[1], 9))', [tenant]);

/** @throws ConcordatError POLICY_DENIED for a caller who sees what is about it only */
export function requireWholeTenant({ operation, principal }: OperationContext): void {
  if (reachOf(principal).names !== null)
    throw new ConcordatError('POLICY_DENIED', `${operation} is about the whole tenant.`);
}

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
