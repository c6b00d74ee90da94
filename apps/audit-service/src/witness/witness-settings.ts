import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  cosigner,
  ed25519PublicKey,
  type NoteSigner,
  type NoteVerifier,
  parseCosignerKey,
  parseVerifierKey,
} from '@concordat/crypto';
import { obtainSecretFile } from '@concordat/keystore';

/** A witness that cosigns our checkpoints. */
export interface WitnessAddress {
  readonly verifier: NoteVerifier;
  readonly vkey: string;
  /** Its submission prefix. */
  readonly url: string;
}

/** Lines of a file of settings; empty ones and those that begin with # are for people. */
const linesOf = (file: string): string[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));

/** Logs that may have their checkpoints cosigned here, by origin. @param file a verifier key per line @throws Error for any other line */
export function readWitnessedLogs(file: string | undefined): ReadonlyMap<string, NoteVerifier> {
  const logs = (file === undefined ? [] : linesOf(file)).map((line) => parseVerifierKey(line));
  return new Map(logs.map((log) => [log.name, log]));
}

/** Witnesses of our log. @param file a verifier key (of a cosignature) and a submission URL per line @throws Error for any other line */
export function readWitnesses(file: string | undefined): WitnessAddress[] {
  return (file === undefined ? [] : linesOf(file)).map((line) => {
    const [vkey = '', address = '', ...rest] = line.split(/\s+/);
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (rest.length > 0 || !url || !/^https?:$/.test(url.protocol) || url.search || url.hash)
      throw new Error('a witness is a verifier key and the http(s) URL of its submission prefix');
    return { verifier: parseCosignerKey(vkey), vkey, url: url.href.replace(/\/+$/, '') };
  });
}

/**
 * Who cosigns, made at the first start: a key of its own, since one key must not sign in two roles.
 * @param origin of our own log, below which the witness has its name
 */
export function obtainWitnessIdentity(dataDir: string, origin: string): NoteSigner {
  const { secret } = obtainSecretFile(join(dataDir, 'witness.key'), 32);
  return cosigner(`${origin}/witness`, { secretKey: secret, publicKey: ed25519PublicKey(secret) });
}
