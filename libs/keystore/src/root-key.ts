import { aeadOpen, aeadSeal } from '@concordat/crypto';
import { obtainSecretFile } from './secret-file';

/** The key above all others. Asynchronous, so that a key management service can stand behind it. */
export interface RootKey {
  wrap(key: Uint8Array, context: Uint8Array): Promise<Uint8Array>;
  /** @throws AeadError when the wrapped key was changed, or was wrapped by another root key or in another context */
  unwrap(wrapped: Uint8Array, context: Uint8Array): Promise<Uint8Array>;
}

/** A root key held in memory. @param secret 32 bytes */
export const localRootKey = (secret: Uint8Array): RootKey => ({
  wrap: async (key, context) => aeadSeal(secret, key, context),
  unwrap: async (wrapped, context) => aeadOpen(secret, wrapped, context),
});

/**
 * A root key in a 0600 file, made on first use. `warn` is called then: without the file, everything is lost.
 * @param keysFile what is wrapped with it
 * @throws Error when the file is missing although there are keys; `unwrap` names both files when they do not match
 */
export function fileRootKey(file: string, keysFile: string, warn: (message: string) => void): RootKey {
  const { secret, isNew } = obtainSecretFile(file, 32, keysFile);
  if (isNew)
    warn(
      `a new root key was written to ${file}; keep a copy in a safe place, nothing can be decrypted without it`,
    );
  const root = localRootKey(secret);
  return {
    ...root,
    unwrap: (wrapped, context) =>
      root.unwrap(wrapped, context).catch((cause: unknown) => {
        const detail = `${file} does not open a key of ${keysFile}: put back the copies that belong together.`;
        throw new Error(detail, { cause });
      }),
  };
}
