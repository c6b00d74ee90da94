import { readSecret } from '@concordat/processes';
import { Concordat, type Timeouts } from '@concordat/sdk';
import { type Command } from 'commander';
import { type Context, UserError } from '../context';
import { dataFolder } from '../supervisor/provision';
import { findRunning } from '../supervisor/running';
import { AgentFiles, type LocalAgent } from './agent-files';
import { UserFile } from './user-file';

/** What commands that talk to Concordat share. */
export interface ConnectionOptions {
  readonly url?: readonly string[];
  readonly apiKeyFile?: string;
  /** Name of the agent to act as. */
  readonly as?: string;
}

/** A person waits: shorter than what a program would take. */
const impatient: Timeouts = { attemptMs: 5_000, totalMs: 15_000 };

export const addUrl = (command: Command): Command =>
  command.option(
    '--url <url>',
    'the gateway; may be repeated (default: the one that ./concordat up has started)',
    (url: string, before: readonly string[] = []) => [...before, url],
  );

/** Options of commands that only an agent can give. */
export const addAgentOptions = (command: Command): Command =>
  addUrl(command).option('--as <name>', 'the agent to act as (default: the one logged in)');

/** Options of commands that only an API key can give. */
export const addKeyOptions = (command: Command): Command =>
  addUrl(command).option(
    '--api-key-file <file>',
    'file with the API key (default: whoever has logged in with an address, or else admin.key in the data folder)',
  );

/** Options of commands that an administrator gives, or an agent with `--as`. */
export const addAdminOptions = (command: Command): Command =>
  addKeyOptions(command).option('--as <name>', 'act as this agent instead');

/** Opens clients for one command line. */
export class Connection {
  readonly agents: AgentFiles;
  readonly user: UserFile;

  constructor(
    private readonly context: Context,
    private readonly options: ConnectionOptions,
    private readonly timeouts: Timeouts = impatient,
  ) {
    this.agents = new AgentFiles(context.dataDirectory);
    this.user = new UserFile(context.dataDirectory);
  }

  /** As nobody: for what anybody may ask. @throws UserError when nothing runs */
  async asStranger(): Promise<Concordat> {
    const url = await this.#urls();
    return client(() => new Concordat({ url, timeouts: this.timeouts }));
  }

  /** With a token that was got before. @throws UserError */
  async withToken(accessToken: string): Promise<Concordat> {
    const url = await this.#urls();
    return client(() => new Concordat({ url, credential: { accessToken }, timeouts: this.timeouts }));
  }

  /** As the user who is logged in, or else with the key of the installation. @throws UserError */
  async asAdmin(): Promise<Concordat> {
    if (this.options.as !== undefined) return this.asAgent();
    const user = this.options.apiKeyFile === undefined ? await this.user.read() : undefined;
    if (user) return this.withToken(user.accessToken);
    const file = this.options.apiKeyFile ?? dataFolder(this.context.dataDirectory).adminKeyFile;
    const url = await this.#urls();
    const apiKey = await readSecret(file);
    if (apiKey === undefined || apiKey === '')
      throw new UserError(`There is no API key in ${file}. Name the file with --api-key-file <file>.`);
    return client(() => new Concordat({ url, credential: { apiKey }, timeouts: this.timeouts }));
  }

  /** As the agent that `--as` names, or that is logged in. @throws UserError */
  async asAgent(): Promise<Concordat> {
    const { secretKey, did, tenant } = await this.#agent();
    const url = await this.#urls();
    return client(
      () => new Concordat({ url, credential: { secretKey, did, tenant }, timeouts: this.timeouts }),
    );
  }

  async #agent(): Promise<LocalAgent> {
    const name = this.options.as ?? (await this.agents.current());
    if (name !== undefined) return this.agents.require(name);
    throw new UserError(
      'No agent is logged in. Run: ./concordat login <name>, or say which one with --as <name>.',
    );
  }

  async #urls(): Promise<readonly string[]> {
    if (this.options.url !== undefined) return this.options.url;
    const run = await findRunning(this.context.dataDirectory);
    if (run && run.http.length > 0) return run.http;
    throw new UserError(
      'Concordat does not run here. Start it with: ./concordat up, or name a gateway with --url.',
    );
  }
}

/** What the SDK finds wrong with a URL or a key, the user can put right. */
function client(make: () => Concordat): Concordat {
  try {
    return make();
  } catch (error) {
    throw error instanceof TypeError ? new UserError(error.message) : error;
  }
}
