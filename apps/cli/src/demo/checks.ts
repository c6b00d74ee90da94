import { isConcordatProblem } from '@concordat/sdk';

/** One claim of the demo, and whether it held. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What was seen. */
  readonly detail: string;
}

/** Gathers the claims, and tells each as it is decided. */
export class Checks {
  readonly #list: Check[] = [];

  constructor(private readonly tell: (check: Check) => void) {}

  get list(): readonly Check[] {
    return this.#list;
  }

  get ok(): boolean {
    return this.#list.length > 0 && this.#list.every(({ ok }) => ok);
  }

  /**
   * Decides a claim: it holds when the look at it succeeds.
   * @param look returns what was seen, or throws what speaks against it
   * @returns whether it holds
   */
  async that(name: string, look: () => Promise<string> | string): Promise<boolean> {
    try {
      return this.#add({ name, ok: true, detail: await look() });
    } catch (error) {
      return this.#add({ name, ok: false, detail: textOf(error) });
    }
  }

  #add(check: Check): boolean {
    this.#list.push(check);
    this.tell(check);
    return check.ok;
  }
}

/** @throws Error with the text when it is not so */
export function requireThat(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

/** That a call is refused, and how. @returns for the detail of a check @throws Error when it is not */
export async function refusedWith(code: string, call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (isConcordatProblem(error) && error.code === code) return `refused: ${error.status} ${code}`;
    throw error;
  }
  throw new Error(`it was answered; ${code} was to be expected`);
}

function textOf(error: unknown): string {
  if (isConcordatProblem(error)) return `${error.code}: ${error.detail}`;
  return error instanceof Error ? error.message : String(error);
}
