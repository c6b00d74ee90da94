import { ConcordatError, limits } from '@concordat/contracts';

const skewMs = limits.clockSkewSeconds * 1_000;

/** @throws ConcordatError GOVERNANCE_TIME_INVALID @param pointer to the field of the input */
export function requirePast(pointer: string, atMs: number, nowMs: number): void {
  if (atMs > nowMs + skewMs) throw timeInvalid(pointer, 'must not be to come');
  if (atMs < 0) throw timeInvalid(pointer, 'must not be before 1970');
}

export const timeInvalid = (pointer: string, message: string): ConcordatError =>
  new ConcordatError('GOVERNANCE_TIME_INVALID', `${pointer.slice(1)} ${message}.`, {
    errors: [{ pointer, message }],
  });
