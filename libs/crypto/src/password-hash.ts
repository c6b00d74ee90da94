import { randomBytes, scrypt } from 'node:crypto';
import { equalConstantTime } from './hash';

/** Work factors of scrypt (RFC 7914 §2): N = 2^logN, memory 128·r·N bytes. */
export interface ScryptCost {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

/** OWASP Password Storage Cheat Sheet: 128 MiB, about 0.4 s of one core. */
export const passwordCost: ScryptCost = Object.freeze({ logN: 17, r: 8, p: 1 });

const hashBytes = 32;
const saltBytes = 16;
/** PHC string format: `$scrypt$ln=17,r=8,p=1$<salt>$<hash>`, base64 without padding. */
const phc = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '');

/** NFKC, as NIST SP 800-63B §5.1.1.2 asks: the same password from another keyboard has the same bytes. */
function derive(password: string, salt: Uint8Array, { logN, r, p }: ScryptCost): Promise<Uint8Array> {
  const N = 2 ** logN;
  const options = { N, r, p, maxmem: 128 * r * (N + p) * 2 };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, hashBytes, options, (error, key) =>
      error ? reject(error) : resolve(new Uint8Array(key)),
    );
  });
}

/**
 * Runs in the thread pool; the caller bounds how many run at once.
 * @returns a PHC string
 */
export async function hashPassword(
  password: string,
  cost: ScryptCost = passwordCost,
  salt: Uint8Array = randomBytes(saltBytes),
): Promise<string> {
  const hash = await derive(password, salt, cost);
  return `$scrypt$ln=${cost.logN},r=${cost.r},p=${cost.p}$${base64(salt)}$${base64(hash)}`;
}

/**
 * Compares in constant time. A text that is no such hash matches nothing, and costs as little as it takes to see that.
 * @param hash PHC string, of `hashPassword` with this cost or another
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const parsed = parse(hash);
  if (!parsed) return false;
  return equalConstantTime(await derive(password, parsed.salt, parsed.cost), parsed.hash);
}

/** Whether a hash was made with less work than one would be made with now. */
export function isWeakerThan(hash: string, cost: ScryptCost): boolean {
  const parsed = parse(hash);
  const work = ({ logN, r, p }: ScryptCost): number => 2 ** logN * r * p;
  return !parsed || work(parsed.cost) < work(cost);
}

function parse(text: string): { cost: ScryptCost; salt: Uint8Array; hash: Uint8Array } | undefined {
  const match = phc.exec(text);
  if (!match) return undefined;
  const cost = { logN: Number(match[1]), r: Number(match[2]), p: Number(match[3]) };
  // What would take more memory than we would ever ask for was not made by us.
  if (cost.logN < 1 || cost.logN > 20 || cost.r < 1 || cost.r > 16 || cost.p < 1 || cost.p > 16)
    return undefined;
  const bytes = (part: string): Uint8Array => new Uint8Array(Buffer.from(part, 'base64'));
  return { cost, salt: bytes(match[4]!), hash: bytes(match[5]!) };
}
