import { join } from 'node:path';
import { ed25519Signer, fromBase64url } from '@concordat/crypto';
import { providePrivateDirectory, provideSecret, writePrivateFile } from '@concordat/processes';
import { identities, type Identity } from './services';

/** Where the things of an installation lie. */
export interface DataFolder {
  readonly root: string;
  readonly logs: string;
  readonly adminKeyFile: string;
  readonly vkeyFile: string;
  readonly challengeKeyFile: string;
  readonly peersFile: string;
  readonly redisUrlFile: string;
  readonly rpcRedisUrlFile: string;
  readonly databaseUrlFile: string;
  identityKeyFile(identity: Identity): string;
  /** of one process, by its instance without a number where there is only one: `iam`, `bus-1` */
  of(name: string): string;
}

export const dataFolder = (root: string): DataFolder => ({
  root,
  logs: join(root, 'logs'),
  adminKeyFile: join(root, 'admin.key'),
  vkeyFile: join(root, 'audit.vkey'),
  challengeKeyFile: join(root, 'challenge.key'),
  peersFile: join(root, 'identity', 'peers.json'),
  redisUrlFile: join(root, 'redis', 'url'),
  rpcRedisUrlFile: join(root, 'redis-rpc', 'url'),
  databaseUrlFile: join(root, 'postgres', 'url'),
  identityKeyFile: (identity) => join(root, 'identity', `${identity}.key`),
  of: (name) => join(root, name),
});

/**
 * Makes the folder and logs. As root others may pass through it (0711), not look into it: PostgreSQL then runs as a
 * user of its own and must reach its part.
 * @throws PermissionsError with the fix
 */
export async function provideDataFolder(folder: DataFolder): Promise<void> {
  await providePrivateDirectory(folder.root, process.getuid?.() === 0 ? 0o711 : 0o700);
  await providePrivateDirectory(folder.logs);
}

/** Makes every secret that is missing, once; the public keys of all identities are written anew each time. */
export async function provideIdentities(folder: DataFolder): Promise<void> {
  await providePrivateDirectory(join(folder.root, 'identity'));
  const peers: Record<string, unknown> = {};
  for (const identity of identities) {
    const file = folder.identityKeyFile(identity);
    const seed = fromBase64url(await provideSecret(file));
    if (seed?.byteLength !== 32) {
      throw new Error(
        `${file} does not hold an Ed25519 seed (32 bytes, base64url). Restore it from a backup; a new one, made when the ` +
          'file is missing, is a new identity that signatures of the old one do not verify under.',
      );
    }
    peers[identity] = ed25519Signer(seed).publicKeys;
  }
  await writePrivateFile(folder.peersFile, `${JSON.stringify(peers, null, 2)}\n`);
  await provideSecret(folder.challengeKeyFile);
}
