import type { PolicyRequest } from '@concordat/contracts';
import { type Certainty, no, yes } from './certainty';

/** One thing that a rule asks for: tested in every decision, put into words in explanations only. */
export interface Requirement {
  readonly test: (request: PolicyRequest) => Certainty;
  /** Why it does not hold, or cannot be known: `roles: needs admin or sre, has user`. */
  readonly why: (request: PolicyRequest) => string;
}

/** All of them: as certain as the least certain. */
export function leastCertain(requirements: readonly Requirement[], request: PolicyRequest): Certainty {
  let least: Certainty = yes;
  for (const requirement of requirements) {
    const certainty = requirement.test(request);
    if (certainty === no) return no;
    if (certainty < least) least = certainty;
  }
  return least;
}

/** `a, b or c`, of long lists the beginning. */
export function oneOf(names: readonly string[]): string {
  const shown = names.length > 8 ? [...names.slice(0, 7), `${names.length - 7} more`] : names;
  return shown.length === 1 ? shown[0]! : `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`;
}

export const has = (names: readonly string[]): string =>
  names.length === 0 ? 'has none' : `has ${names.join(', ')}`;
