/** What witnesses have cosigned of our log, to be served with the checkpoint. */
export class Cosignatures {
  readonly #bySize = new Map<string, { readonly size: number; readonly line: string }>();

  /** @param witness verifier key @param line signature line with its newline */
  keep(witness: string, size: number, line: string): void {
    this.#bySize.set(witness, { size, line });
  }

  /** Signature lines for the checkpoint of this size. */
  of(size: number): string {
    return [...this.#bySize.values()]
      .filter((cosignature) => cosignature.size === size)
      .map(({ line }) => line)
      .join('');
  }

  /** Size that a witness has cosigned last, as far as we know. */
  sizeOf(witness: string): number {
    return this.#bySize.get(witness)?.size ?? 0;
  }
}
