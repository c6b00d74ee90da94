import type { z } from 'zod';
import { algorithmValue, type AlgorithmValue } from './keys';
import { timestamp } from './names';

/** A key of an agent and the time for which it counts. */
export const datedKey = algorithmValue.extend({
  validFrom: timestamp,
  /** The first moment at which it no longer counts; null while it does. */
  validUntil: timestamp.nullable(),
});
export type DatedKey = z.infer<typeof datedKey>;

/**
 * The keys that counted at a time: against these a signature from then is verified. A key that was replaced counts for
 * what it signed before, and for nothing since.
 * @param time RFC 3339, of when the signature was received by somebody who can be believed; not what its maker says
 */
export function keysAt(keys: readonly DatedKey[], time: string): AlgorithmValue[] {
  const ms = Date.parse(time);
  return keys
    .filter(({ validFrom, validUntil }) => {
      const end = validUntil === null ? Infinity : Date.parse(validUntil);
      return Date.parse(validFrom) <= ms && ms < end;
    })
    .map(({ alg, kid, value }) => ({ alg, kid, value }));
}
