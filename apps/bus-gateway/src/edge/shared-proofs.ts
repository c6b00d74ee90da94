import { ConcordatError, limits } from '@concordat/contracts';
import { sha256, toBase64url } from '@concordat/crypto';
import { fromRedisError } from '@concordat/streams';
import type Redis from 'ioredis';
import type { CheckedProof } from './dpop-proof';
import type { SpentProofs } from './spent-proofs';

/** Clocks of gateways differ: what one would still take, all remember. */
const skewMs = limits.clockSkewSeconds * 1_000;

/**
 * Proofs that were taken at any of the gateways, in the Redis that stores nothing: a round trip for every request with a
 * proof. Should that Redis end, what it knew is gone, and a proof is single-use per gateway for its seconds.
 */
export class SharedProofs {
  constructor(
    private readonly own: Pick<SpentProofs, 'spend'>,
    private readonly redis: Pick<Redis, 'set'>,
    private readonly nowMs: () => number,
  ) {}

  /** @throws ConcordatError PROOF_INVALID when it came before; OVERLOADED, SERVICE_UNAVAILABLE */
  async spend(proof: CheckedProof): Promise<void> {
    this.own.spend(proof);
    const name = `cc:{dpop.${toBase64url(sha256(proof.id))}}:spent`;
    const keptMs = Math.max(proof.endsMs - this.nowMs(), 0) + skewMs;
    let isFirst: boolean;
    try {
      isFirst = (await this.redis.set(name, '', 'PX', Math.ceil(keptMs), 'NX')) === 'OK';
    } catch (error) {
      throw fromRedisError(error);
    }
    if (!isFirst) throw new ConcordatError('PROOF_INVALID', 'The proof of the key was used before.');
  }
}
