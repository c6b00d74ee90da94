/** Credits from the door to the handler, which may not have begun. */
export class Grants {
  #early = 0;
  #take: ((credits: number) => void) | undefined;

  readonly grant = (credits: number): void => {
    if (this.#take) this.#take(credits);
    else this.#early += credits;
  };

  readonly onGrant = (take: (credits: number) => void): void => {
    this.#take = take;
    if (this.#early > 0) take(this.#early);
  };
}
