import { readFileSync, statSync } from 'node:fs';
import { publicKeys, services } from '@concordat/contracts';
import { z } from 'zod';
import { ConfigError } from './config';

const peersSchema = z.strictObject(
  Object.fromEntries(services.map((service) => [service, publicKeys])) as Record<
    (typeof services)[number],
    typeof publicKeys
  >,
);
export type Peers = z.infer<typeof peersSchema>;

/** The pinned public keys of all services. @throws ConfigError */
export function readPeers(file: string): Peers {
  try {
    return peersSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new ConfigError(
      `${file} does not hold the public keys of ${services.join(', ')}: ${String(error)}`,
    );
  }
}

/** The seed of this service's signing identity, 32 bytes. @throws ConfigError, also when others can read the file */
export function readIdentityKey(file: string): Uint8Array {
  let text: string;
  try {
    if ((statSync(file).mode & 0o077) !== 0)
      throw new ConfigError(`${file} can be read by others; run: chmod 600 '${file}'`);
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw error instanceof ConfigError ? error : new ConfigError(`cannot read the identity key ${file}`);
  }
  const seed = Buffer.from(text, 'base64url');
  if (seed.byteLength !== 32 || seed.toString('base64url') !== text) {
    throw new ConfigError(`${file} does not hold 32 bytes in base64url`);
  }
  return new Uint8Array(seed);
}
