import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { providePrivateDirectory, readSecret, writePrivateFile } from '@concordat/processes';
import { UserError } from '../context';

/** An agent whose key this machine holds. */
export interface LocalAgent {
  readonly name: string;
  readonly did: string;
  /** 32 bytes, base64url */
  readonly secretKey: string;
  readonly tenant: string;
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Also keeps names from leading out of the folder. @throws UserError */
export function requireFileName(name: string): string {
  if (namePattern.test(name)) return name;
  throw new UserError(
    `"${name}" cannot name a key here. Use 1–64 letters, digits, dots, hyphens and underscores, beginning with a letter or digit.`,
  );
}

/**
 * Keys of agents that were created here: `<data>/cli/agents/<name>.json`, readable by their owner only. While an agent
 * is being registered its key is already in `<name>.json.new`, so that no answer that is lost costs an identity.
 */
export class AgentFiles {
  readonly #folder: string;
  readonly #current: string;

  constructor(private readonly dataDirectory: string) {
    this.#folder = join(dataDirectory, 'cli', 'agents');
    this.#current = join(dataDirectory, 'cli', 'current');
  }

  async names(): Promise<string[]> {
    const files = await readdir(this.#folder).catch(() => []);
    return files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
  }

  /** @throws PermissionsError when others may read it; UserError when it is damaged */
  async find(name: string): Promise<LocalAgent | undefined> {
    return namePattern.test(name) ? this.#read(this.file(name), name) : undefined;
  }

  /** @throws UserError that says which agents there are */
  async require(name: string): Promise<LocalAgent> {
    const found = await this.find(name);
    if (found) return found;
    const names = await this.names();
    const there = names.length === 0 ? 'There are none yet.' : `Here are: ${names.join(', ')}.`;
    throw new UserError(
      `No key of an agent "${name}" is here. ${there} Make one with: ./concordat agent create ${name} --type CLAUDE`,
    );
  }

  /** The agent that was logged in last. */
  async current(): Promise<string | undefined> {
    return readSecret(this.#current);
  }

  async setCurrent(name: string): Promise<void> {
    await this.#provideFolder();
    await writePrivateFile(this.#current, `${name}\n`);
  }

  /** The key of an agent that is about to be registered: the one left from an attempt before, or the one given. */
  async begin(agent: LocalAgent): Promise<LocalAgent> {
    await this.#provideFolder();
    const left = await this.#read(this.#pending(agent.name), agent.name);
    if (left) return left;
    await writePrivateFile(this.#pending(agent.name), `${JSON.stringify(agent, null, 2)}\n`);
    return agent;
  }

  /** It is registered. */
  async finish(name: string): Promise<void> {
    await rename(this.#pending(name), this.file(name));
  }

  /** It was refused. */
  async abandon(name: string): Promise<void> {
    await rm(this.#pending(name), { force: true });
  }

  file(name: string): string {
    return join(this.#folder, `${requireFileName(name)}.json`);
  }

  #pending(name: string): string {
    return `${this.file(name)}.new`;
  }

  async #provideFolder(): Promise<void> {
    await providePrivateDirectory(join(this.dataDirectory, 'cli'));
    await providePrivateDirectory(this.#folder);
  }

  async #read(file: string, name: string): Promise<LocalAgent | undefined> {
    const text = await readSecret(file);
    if (text === undefined) return undefined;
    try {
      const { did, secretKey, tenant } = JSON.parse(text) as Record<string, unknown>;
      if ([did, secretKey, tenant].every((value) => typeof value === 'string'))
        return { name, did, secretKey, tenant } as LocalAgent;
    } catch {
      // Said below.
    }
    throw new UserError(`${file} is damaged. Restore it from a backup, or remove it and create a new agent.`);
  }
}
