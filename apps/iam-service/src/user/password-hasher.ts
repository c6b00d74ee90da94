import { randomBytes } from 'node:crypto';
import { ConcordatError } from '@concordat/contracts';
import { hashPassword, isWeakerThan, passwordCost, type ScryptCost, verifyPassword } from '@concordat/crypto';
import { FairPlaces } from './fair-places';

/** Each takes 128 MiB and one core for about half a second. */
const atOnce = 2;
/** Those who wait longer than this queue have been given up by their gateway before they are served. */
const waitingLimit = 4;

/** Hashes and compares passwords, so few at a time that logins can eat neither the memory nor the processors. */
export class PasswordHasher {
  readonly #places = new FairPlaces(
    atOnce,
    waitingLimit,
    () => new ConcordatError('OVERLOADED', 'Too many passwords are being checked.'),
  );
  #decoy: string | undefined;

  constructor(private readonly cost: ScryptCost = passwordCost) {}

  /** @returns PHC string @throws ConcordatError OVERLOADED */
  hash(password: string): Promise<string> {
    return this.#places.run('', () => hashPassword(password, this.cost));
  }

  /**
   * Takes the same time when there is no hash to compare with, and says no then.
   * @param site network that asks: no single one keeps others out
   * @throws ConcordatError OVERLOADED
   */
  verify(password: string, hash: string | null, site = ''): Promise<boolean> {
    return this.#places.run(site, async () => {
      const isSame = await verifyPassword(password, hash ?? this.#decoyHash());
      return isSame && hash !== null;
    });
  }

  /** Whether the hash should be replaced by one that is harder to guess. */
  isOutdated(hash: string): boolean {
    return isWeakerThan(hash, this.cost);
  }

  /** A hash that no password has, as hard as any. */
  #decoyHash(): string {
    const { logN, r, p } = this.cost;
    const part = (bytes: number): string => randomBytes(bytes).toString('base64').replace(/=+$/, '');
    return (this.#decoy ??= `$scrypt$ln=${logN},r=${r},p=${p}$${part(16)}$${part(32)}`);
  }
}
