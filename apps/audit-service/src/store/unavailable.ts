import { ConcordatError, isConcordatError } from '@concordat/contracts';

/** Classes and codes of SQLSTATE that say: not now. Connection, resources, operator, system; then single conditions. */
const passing = /^(08|53|57|58)|^(40001|40P01|55P03|25P02|25P03)$/;
const network = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']);
const names = new Set(['SilenceError', 'KnexTimeoutError', 'TimeoutError', 'ConnectionException']);
/** `pg` and the pool give these no code, and knex puts the statement before them. */
const messages =
  /(Connection terminated( unexpectedly)?|timeout expired|is not queryable|Connection ended unexpectedly|aborted)$/;

/** Whether an error of the database will pass: the server is away, starting, stopping, frozen or overloaded. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  if (passing.test(code) || network.has(code) || names.has(error.name) || messages.test(error.message))
    return true;
  return isPassing(error.cause) || ('previous' in error && isPassing(error.previous));
}

/** Errors of the database as ours: SERVICE_UNAVAILABLE when it will pass; faults of ours stay what they are. */
export const fromDatabaseError = (error: unknown): unknown =>
  !isConcordatError(error) && isPassing(error)
    ? new ConcordatError('SERVICE_UNAVAILABLE', 'The audit store does not answer.', { cause: error })
    : error;
