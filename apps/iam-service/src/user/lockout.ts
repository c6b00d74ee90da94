import { plusMs } from '../times';

/** So many wrong passwords are a slip of the finger. */
const freeFailures = 4;
const firstLockMs = 30_000;
/** Short enough that a stranger who keeps guessing cannot keep the user out for long once the guessing stops. */
const longestLockMs = 900_000;

/**
 * When logins are taken again after so many wrong passwords in a row: each further one doubles the time. A guesser gets
 * fewer than a hundred guesses a day (NIST SP 800-63B §5.2.2 asks for at most a hundred in a row).
 * @param now RFC 3339
 * @returns RFC 3339; null: at once
 */
export function lockEnd(failures: number, now: string): string | null {
  if (failures <= freeFailures) return null;
  const lockMs = Math.min(firstLockMs * 2 ** Math.min(failures - freeFailures - 1, 30), longestLockMs);
  return plusMs(now, lockMs);
}
