import { ConcordatError } from '@concordat/contracts';

/** What an operator does about a store that is damaged or old, as text for logs and refusals. */
export const recoveryAdvice = (source: string): string =>
  `Recover it from the event stream: ./concordat ${source} recover --from-stream; or from a backup: ` +
  `./concordat ${source} restore --from <file>.`;

/** A store that may not be used. @param what is wrong: the file, and what is missing in it */
export const storeRegressed = (source: string, what: string): ConcordatError =>
  new ConcordatError('STORE_REGRESSED', `${what} ${recoveryAdvice(source)}`);
