import { ConcordatError, isConcordatError } from '@concordat/contracts';
import { DatabaseFault, sqlStateOf } from './database-fault';

/** Classes and codes of SQLSTATE that say: not now. Connection, resources, operator, system; then single conditions. */
const passing = /^(08|53|57|58)|^(40001|40P01|55P03|25P02|25P03)$/;
const network = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']);
/** Errors of `pg`, the pool and `silence.ts`: they have no code, knex writes the statement before them, the ORM takes their name. */
const messages =
  /Timeout acquiring a connection|said nothing for \d+ ms$|(Connection terminated( unexpectedly)?|timeout expired|is not queryable|Connection ended unexpectedly|operation timed out for an unknown reason|aborted)$/;

/** Whether an error of the database will pass: the server is away, starting, stopping, frozen or overloaded. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return passing.test(code) || network.has(code) || messages.test(error.message) || isPassing(error.cause);
}

/** Errors of the database as ours: SERVICE_UNAVAILABLE when it will pass, else a fault by its code. None quotes a statement. */
export function fromDatabaseError(error: unknown): unknown {
  if (isConcordatError(error)) return error;
  const state = sqlStateOf(error);
  if (isPassing(error)) {
    const cause = state === undefined ? new Error(passingReason(error)) : new DatabaseFault(state);
    return new ConcordatError('SERVICE_UNAVAILABLE', 'The audit store does not answer.', { cause });
  }
  return state === undefined ? error : new DatabaseFault(state);
}

/** Why an error without SQLSTATE passes: its code in the network, or its message without the statement before it. */
function passingReason(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error ? String(error.code) : '';
  return network.has(code) ? code : (messages.exec(error.message)?.[0] ?? passingReason(error.cause));
}
