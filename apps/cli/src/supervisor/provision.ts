import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ed25519Signer, fromBase64url } from '@concordat/crypto';
import { providePrivateDirectory, provideSecret, writePrivateFile } from '@concordat/processes';
import { claimFolder } from './claim-folder';
import { identities, type Identity } from './services';

/** Where the things of an installation lie. */
export interface DataFolder {
  readonly root: string;
  readonly logs: string;
  readonly adminKeyFile: string;
  readonly vkeyFile: string;
  /** Keys of the logs whose checkpoints are cosigned here, when the operator has put it there. */
  readonly witnessedLogsFile: string;
  /** Keys and addresses of the witnesses of our log, likewise. */
  readonly witnessesFile: string;
  readonly challengeKeyFile: string;
  readonly peersFile: string;
  readonly redisUrlFile: string;
  readonly rpcRedisUrlFile: string;
  readonly bridgeRedisUrlFile: string;
  readonly databaseUrlFile: string;
  identityKeyFile(identity: Identity): string;
  /** of one process, by its instance without a number where there is only one: `iam`, `bus-1` */
  of(name: string): string;
  /** of a service: its backups */
  backupsOf(service: string): string;
}

export const dataFolder = (root: string): DataFolder => ({
  root,
  logs: join(root, 'logs'),
  adminKeyFile: join(root, 'admin.key'),
  vkeyFile: join(root, 'audit.vkey'),
  witnessedLogsFile: join(root, 'witnessed-logs'),
  witnessesFile: join(root, 'witnesses'),
  challengeKeyFile: join(root, 'challenge.key'),
  peersFile: join(root, 'identity', 'peers.json'),
  redisUrlFile: join(root, 'redis', 'url'),
  rpcRedisUrlFile: join(root, 'redis-rpc', 'url'),
  bridgeRedisUrlFile: join(root, 'redis', 'bridge-url'),
  databaseUrlFile: join(root, 'postgres', 'url'),
  identityKeyFile: (identity) => join(root, 'identity', `${identity}.key`),
  of: (name) => join(root, name),
  backupsOf: (service) => join(root, 'backups', service),
});

/**
 * Makes the folder and logs, unless the folder is something else's. As root others may pass through it (0711), not look into it: PostgreSQL then runs as a
 * user of its own and must reach its part.
 * @throws PermissionsError with the fix
 */
export async function provideDataFolder(folder: DataFolder): Promise<void> {
  await claimFolder(folder.root);
  await providePrivateDirectory(folder.root, process.getuid?.() === 0 ? 0o711 : 0o700);
  await providePrivateDirectory(folder.logs);
}

/**
 * Makes every secret that is missing, once; the public keys of all identities are written anew each time.
 * @throws Error when the key of an identity is missing or damaged that has signed already: another one would be another
 *   identity, which nothing that is stored verifies under
 */
export async function provideIdentities(folder: DataFolder): Promise<void> {
  await providePrivateDirectory(join(folder.root, 'identity'));
  const known = await knownPeers(folder.peersFile);
  const lost = identities.filter((name) => name in known && isGone(folder.identityKeyFile(name)));
  if (lost.length > 0) throw new Error(lostKeys(folder, lost));
  const peers: Record<string, unknown> = {};
  for (const identity of identities) {
    const file = folder.identityKeyFile(identity);
    const seed = fromBase64url(await provideSecret(file, forged(identity)));
    if (seed?.byteLength !== 32)
      throw new Error(
        `${file} does not hold an Ed25519 seed (32 bytes, base64url). Restore it from a backup.`,
      );
    peers[identity] = ed25519Signer(seed).publicKeys;
  }
  await writePrivateFile(folder.peersFile, `${JSON.stringify(peers, null, 2)}\n`);
  await provideSecret(folder.challengeKeyFile);
}

/** Missing, or empty as a full disk leaves it: either way a new one would be made. */
const isGone = (file: string): boolean => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0;

/** The identities that earlier starts made. A file that is damaged proves nothing. */
async function knownPeers(file: string): Promise<object> {
  try {
    const found: unknown = JSON.parse(await readFile(file, 'utf8'));
    return typeof found === 'object' && found !== null ? found : {};
  } catch {
    return {};
  }
}

const lostKeys = (folder: DataFolder, lost: readonly Identity[]): string =>
  `${lost.map((identity) => folder.identityKeyFile(identity)).join(', ')} is missing or empty, but ${folder.peersFile} knows its ` +
  'public key. Restore it from a backup. A new key would be a new identity, under which no signature of the old one ' +
  'verifies; to begin without what was stored, choose another folder: --data <dir>.';

const forged = (identity: Identity): string =>
  `Otherwise others can sign as ${identity}: keep this folder as evidence, and begin with another one (--data).`;
