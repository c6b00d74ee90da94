import { ConcordatError } from '@concordat/contracts';
import type { CheckedProof } from './dpop-proof';

/** Proofs that can still come again; further ones are refused rather than any of these forgotten. */
const proofsLimit = 200_000;

/**
 * Proofs that were taken, until they are too old to be taken (RFC 9449 §11.1). Every gateway remembers its own: a proof
 * that was sent to one could be sent once to another one behind the same address, within its seconds, for the same
 * request with the same token, unless they tell one another (`shared-proofs.ts`).
 */
export class SpentProofs {
  /** In the order in which they came; each with its end, which differ by the window at most. */
  readonly #ends = new Map<string, number>();

  constructor(private readonly nowMs: () => number) {}

  /** @throws ConcordatError PROOF_INVALID when it came before; OVERLOADED */
  spend({ id, endsMs }: CheckedProof): void {
    if (this.#ends.has(id))
      throw new ConcordatError('PROOF_INVALID', 'The proof of the key was used before.');
    this.#forget();
    if (this.#ends.size >= proofsLimit) throw new ConcordatError('OVERLOADED');
    this.#ends.set(id, endsMs);
  }

  /** Those that came first are gone first; one that ends later than those behind it keeps them a little longer. */
  #forget(): void {
    const now = this.nowMs();
    for (const [id, endsMs] of this.#ends) {
      if (endsMs >= now) return;
      this.#ends.delete(id);
    }
  }
}
