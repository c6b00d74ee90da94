import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { providePrivateDirectory, readSecret, writePrivateFile } from '@concordat/processes';
import { z } from 'zod';
import { UserError } from '../context';

const schema = z.strictObject({
  email: z.string(),
  tenant: z.string(),
  sessionId: z.string(),
  accessToken: z.string(),
  /** When the token ends. */
  expiresAt: z.iso.datetime(),
});

/** A user who has logged in here. */
export type LocalUser = z.infer<typeof schema>;

/**
 * The user for whom commands of administrators act: `<data>/cli/user.json`, readable by its owner only. It holds one access
 * token, which ends by itself within a quarter of an hour; neither the password nor what the session could be prolonged with.
 */
export class UserFile {
  readonly #folder: string;
  readonly #file: string;

  constructor(dataDirectory: string) {
    this.#folder = join(dataDirectory, 'cli');
    this.#file = join(this.#folder, 'user.json');
  }

  /**
   * @returns undefined when nobody is logged in
   * @throws PermissionsError when others may read the file; UserError when its token has ended
   */
  async read(nowMs = Date.now()): Promise<LocalUser | undefined> {
    const user = await this.peek();
    if (user === undefined || Date.parse(user.expiresAt) > nowMs) return user;
    throw new UserError(
      `The login of ${user.email} ended at ${user.expiresAt}. Log in again: ./concordat login --email ${user.email}; ` +
        'or go on with the key of the installation: ./concordat logout.',
    );
  }

  /** The same, whether it has ended or not. @throws UserError when the file is damaged */
  async peek(): Promise<LocalUser | undefined> {
    const text = await readSecret(this.#file);
    if (text === undefined) return undefined;
    try {
      return schema.parse(JSON.parse(text));
    } catch {
      throw new UserError(`${this.#file} is damaged. Log in again, or run: ./concordat logout`);
    }
  }

  async write(user: LocalUser): Promise<void> {
    await providePrivateDirectory(this.#folder);
    await writePrivateFile(this.#file, `${JSON.stringify(user, null, 2)}\n`);
  }

  async remove(): Promise<void> {
    await rm(this.#file, { force: true });
  }
}
