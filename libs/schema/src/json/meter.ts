import { bounds } from '../bounds';

/** A payload would take longer to check than a gateway may spend on one. */
export class TooMuchWork extends Error {}

let left = 0;

/** Spends steps of the check that runs now. @throws TooMuchWork */
export function spend(steps: number): void {
  left -= steps;
  if (left < 0) throw new TooMuchWork();
}

/** Runs a check with so many steps of work done already. Checks are synchronous: one meter is enough. */
export function metered<T>(done: number, check: () => T): T {
  left = bounds.checkSteps - done;
  if (left < 0) throw new TooMuchWork();
  return check();
}
