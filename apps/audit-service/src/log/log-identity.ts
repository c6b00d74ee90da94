import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ed25519PublicKey, formatVerifierKey, type NoteSigner, noteSigner } from '@concordat/crypto';
import { obtainSecretFile, writeSecretFile } from '@concordat/keystore';

/** Who signs the log. The same for as long as the log lives: verifiers pin it. */
export interface LogIdentity {
  /** First line of every checkpoint, and name of the key. */
  readonly origin: string;
  readonly signer: NoteSigner;
  /** C2SP signed-note verifier key */
  readonly vkey: string;
}

export interface LogIdentityOptions {
  readonly dataDir: string;
  /** Made up at the first start when undefined. */
  readonly origin: string | undefined;
  /** Where the verifier key is published, if anywhere. */
  readonly vkeyFile: string | undefined;
}

/**
 * The identity in the data folder, made at the first start and durable before it is used.
 * @throws Error when the configuration names another origin than the first start did, when a part of the identity was
 *   lost, and when another key than this was published: verifiers believe that one, so nobody but they may replace it
 */
export function obtainLogIdentity({ dataDir, origin: wanted, vkeyFile }: LogIdentityOptions): LogIdentity {
  const [keyFile, originFile] = [join(dataDir, 'checkpoint.key'), join(dataDir, 'checkpoint.origin')];
  const { secret } = obtainSecretFile(keyFile, 32, originFile);
  const origin = obtainOrigin(originFile, wanted);
  const signer = noteSigner(origin, { secretKey: secret, publicKey: ed25519PublicKey(secret) });
  const vkey = formatVerifierKey(signer);
  if (vkeyFile !== undefined) publish(vkeyFile, `${vkey}\n`, keyFile);
  return { origin, signer, vkey };
}

function obtainOrigin(file: string, wanted: string | undefined): string {
  writeSecretFile(file, wanted ?? `concordat/audit/${randomBytes(4).toString('hex')}`);
  const origin = readFileSync(file, 'utf8').trim();
  if (wanted !== undefined && wanted !== origin)
    throw new Error(`the log is ${origin} (${file}); its origin cannot be changed to ${wanted}`);
  return origin;
}

/** Written once and as a whole, so that a reader never finds half a key, and nobody's pin is exchanged under them. */
function publish(file: string, text: string, keyFile: string): void {
  if (existsSync(file)) {
    if (readFileSync(file, 'utf8') === text) return;
    throw new Error(
      `${file} holds another key than the log is signed with (${keyFile}). Put back the file that was changed; if the ` +
        `log really is a new one, move ${file} away and give the new key to everybody who verifies.`,
    );
  }
  const draft = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  writeFileSync(draft, text);
  // A `mode` given to writeFileSync would be narrowed by the umask of the process.
  chmodSync(draft, 0o644);
  renameSync(draft, file);
}
