import { ConcordatError, isErrorCode } from '@concordat/contracts';

const scriptError = /^CONCORDAT ([A-Z_]+) ?(.*)$/;

/**
 * Errors of Redis as ours. Scripts refuse with `CONCORDAT <code> <detail>`; a broken, absent or frozen connection is
 * SERVICE_UNAVAILABLE, and then the command may or may not have been carried out.
 */
export function fromRedisError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const refusal = scriptError.exec(error.message);
  if (refusal && isErrorCode(refusal[1])) return new ConcordatError(refusal[1], refusal[2] || undefined);
  if (
    error.name === 'ReplyError' &&
    !/^(LOADING|MASTERDOWN|READONLY|CLUSTERDOWN|MISCONF|OOM|MOVED|ASK|TRYAGAIN)/.test(error.message)
  )
    return error;
  return new ConcordatError('SERVICE_UNAVAILABLE', 'Redis does not answer.', { cause: error });
}
