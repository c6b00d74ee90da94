import { ConcordatError } from '@concordat/contracts';
import QuickLRU from 'quick-lru';

const windowMs = 10_000;
const allowedMs = 1_000;
const tenantsLimit = 10_000;

/**
 * Compiling a schema holds up everybody at a gateway, so a tenant whose messages name ever new schemas may do it for a
 * tenth of the time only.
 */
export class CompileAllowance {
  readonly #spent = new QuickLRU<string, { since: number; ms: number }>({ maxSize: tenantsLimit });

  constructor(private readonly monotonicMs: () => number) {}

  /** @throws ConcordatError OVERLOADED; what `compile` throws */
  spend<T>(tenant: string, compile: () => T): T {
    const begun = this.monotonicMs();
    const known = this.#spent.get(tenant);
    const window = known && begun - known.since < windowMs ? known : { since: begun, ms: 0 };
    if (window.ms >= allowedMs)
      throw new ConcordatError('OVERLOADED', 'The messages of the tenant name too many different schemas.', {
        retryAfterSeconds: Math.ceil((window.since + windowMs - begun) / 1_000),
      });
    try {
      return compile();
    } finally {
      window.ms += this.monotonicMs() - begun;
      this.#spent.set(tenant, window);
    }
  }
}
