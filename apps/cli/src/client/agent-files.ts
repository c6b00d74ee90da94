import { randomUUID } from 'node:crypto';
import { link, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { providePrivateDirectory, provideSecret, readSecret, writePrivateFile } from '@concordat/processes';
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

/** As its file has it. */
interface StoredAgent extends LocalAgent {
  /** Whether its registration was answered. */
  readonly isRegistered: boolean;
}

/**
 * Keys of agents that were created here: `<data>/cli/agents/<name>.json`, readable by their owner only. A key is in its
 * file before its agent is registered, so that no answer that is lost, and no second command at the same time, costs an
 * identity. Nothing removes it again: a refusal says nothing about another attempt that went through.
 */
export class AgentFiles {
  readonly #folder: string;
  readonly #current: string;

  constructor(private readonly dataDirectory: string) {
    this.#folder = join(dataDirectory, 'cli', 'agents');
    this.#current = join(dataDirectory, 'cli', 'current');
  }

  /** Of those that are registered, and of those that are about to be. */
  async names(): Promise<string[]> {
    const files = await readdir(this.#folder).catch(() => []);
    return files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
  }

  /**
   * An agent that is registered.
   * @throws PermissionsError when others may read its file; UserError when that is damaged
   */
  async find(name: string): Promise<LocalAgent | undefined> {
    const stored = namePattern.test(name) ? await this.#read(name) : undefined;
    return stored?.isRegistered === true ? agentOf(stored) : undefined;
  }

  /** @throws UserError that says which agents there are */
  async require(name: string): Promise<LocalAgent> {
    const found = await this.find(name);
    if (found) return found;
    const names = await this.names();
    if (names.includes(name))
      throw new UserError(
        `The registration of "${name}" was not finished. Run this again: ./concordat agent create ${name} --type …`,
      );
    const there = names.length === 0 ? 'There are none yet.' : `Here are: ${names.join(', ')}.`;
    throw new UserError(
      `No key of an agent "${name}" is here. ${there} Make one with: ./concordat agent create ${name} --type CLAUDE`,
    );
  }

  /** The agent that was logged in last. */
  async current(): Promise<string | undefined> {
    // An empty file names nobody.
    return (await readSecret(this.#current)) || undefined;
  }

  async setCurrent(name: string): Promise<void> {
    await this.#provideFolder();
    await writePrivateFile(this.#current, `${name}\n`);
  }

  /**
   * The key of an agent that is about to be registered: the one given, or the one left from an attempt that was not
   * finished. Of several calls at the same time, all get the same.
   * @throws UserError when an agent of this name is registered already
   */
  async begin(agent: LocalAgent): Promise<LocalAgent> {
    await this.#provideFolder();
    if (await this.#publish(agent)) return agent;
    await this.requireFree(agent.name);
    const left = await this.#read(agent.name);
    if (left) return agentOf(left);
    throw new UserError(`${this.file(agent.name)} was removed just now. Try again.`);
  }

  /** @throws UserError when an agent of this name is registered already, or a name that cannot name a key */
  async requireFree(name: string): Promise<void> {
    if ((await this.find(requireFileName(name))) === undefined) return;
    throw new UserError(
      `An agent "${name}" was already created here: ${this.file(name)}. Choose another name.`,
    );
  }

  /** It is registered. */
  async finish(agent: LocalAgent): Promise<void> {
    await writePrivateFile(this.file(agent.name), textOf(agent));
  }

  /**
   * The key that is to take the place of the one in the file of the agent: made once, and the same until it has. It lies
   * beside the old one, which stays until `replaceKey`.
   * @returns 32 bytes, base64url
   */
  async nextKey(name: string): Promise<string> {
    return provideSecret(this.#nextFile(name));
  }

  /** The next key counts now: it takes the place of the old one, whole or not at all. */
  async replaceKey(agent: LocalAgent): Promise<void> {
    await writePrivateFile(
      this.file(agent.name),
      textOf({ ...agent, secretKey: await this.nextKey(agent.name) }),
    );
    await rm(this.#nextFile(agent.name), { force: true });
  }

  #nextFile(name: string): string {
    return join(this.#folder, `${requireFileName(name)}.next-key`);
  }

  file(name: string): string {
    return join(this.#folder, `${requireFileName(name)}.json`);
  }

  /** Whole or not at all, and never over another one. @returns false when the name is taken */
  async #publish(agent: LocalAgent): Promise<boolean> {
    const draft = `${this.file(agent.name)}.${randomUUID()}.draft`;
    try {
      await writePrivateFile(draft, textOf(agent, { registered: false }));
      await link(draft, this.file(agent.name));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      await rm(draft, { force: true });
    }
  }

  async #provideFolder(): Promise<void> {
    await providePrivateDirectory(join(this.dataDirectory, 'cli'));
    await providePrivateDirectory(this.#folder);
  }

  async #read(name: string): Promise<StoredAgent | undefined> {
    const file = this.file(name);
    const text = await readSecret(file);
    if (text === undefined) return undefined;
    try {
      const { did, secretKey, tenant, registered = true } = JSON.parse(text) as Record<string, unknown>;
      if ([did, secretKey, tenant].every((value) => typeof value === 'string'))
        return { name, did, secretKey, tenant, isRegistered: registered !== false } as StoredAgent;
    } catch {
      // Said below.
    }
    throw new UserError(`${file} is damaged. Restore it from a backup, or remove it and create a new agent.`);
  }
}

const agentOf = ({ isRegistered: _, ...agent }: StoredAgent): LocalAgent => agent;

const textOf = (agent: LocalAgent, more: object = {}): string =>
  `${JSON.stringify({ ...agent, ...more }, null, 2)}\n`;
