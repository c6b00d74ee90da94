import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnvironment } from './environment';

export const repository = join(__dirname, '..', '..', '..');
const cli = join(repository, 'apps', 'cli', 'dist', 'main.js');

export interface RunningProcess {
  readonly name: string;
  readonly pid: number | null;
  readonly healthUrl?: string;
}

/** What is measured is the system, not what it lets one caller do; limits are counted all the same. */
const unlimited = {
  CONCORDAT_REQUESTS_PER_SECOND: '1000000',
  CONCORDAT_API_KEY_REQUESTS_PER_SECOND: '1000000',
  CONCORDAT_ADDRESS_REQUESTS_PER_SECOND: '1000000',
};

interface RunFile {
  readonly supervisorPid: number;
  readonly http: readonly string[];
  readonly grpc: readonly string[];
  readonly adminKeyFile: string;
  readonly processes: readonly RunningProcess[];
}

/** The whole system with one gateway, as `./concordat up` starts it, on free ports and on a folder of its own. */
export class System {
  constructor(readonly folder: string) {}

  /** @throws Error with what the launcher said */
  async start(): Promise<void> {
    await this.#concordat('up', '--detach', '--http-port', '0', '--ready-seconds', '300');
  }

  /** Fine when it does not run. */
  async stop(): Promise<void> {
    await this.#concordat('down');
  }

  /** What a command prints as JSON. @throws Error with what it said */
  async answerOf(...args: readonly string[]): Promise<unknown> {
    return JSON.parse(await this.#concordat(...args, '-o', 'json'));
  }

  get run(): RunFile {
    return JSON.parse(readFileSync(join(this.folder, 'run.json'), 'utf8')) as RunFile;
  }

  /** host:port */
  get grpc(): string {
    return this.run.grpc[0]!;
  }

  get url(): string {
    return this.run.http[0]!;
  }

  /** value of the `Authorization` header */
  get adminCredential(): string {
    return `ApiKey ${readFileSync(this.run.adminKeyFile, 'utf8').trim()}`;
  }

  /** @throws Error when it does not run at this moment */
  process(name: string): RunningProcess & { readonly pid: number; readonly healthUrl: string } {
    const found = this.run.processes.find((candidate) => candidate.name === name);
    const pid = found?.pid ?? null;
    if (!found || pid === null) throw new Error(`${name} does not run`);
    return { ...found, pid, healthUrl: found.healthUrl ?? '' };
  }

  #concordat(...args: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [cli, ...args, '--data', this.folder], {
        cwd: this.folder,
        env: { ...cleanEnvironment(), ...unlimited },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      let printed = '';
      child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-8_000)));
      child.once('error', reject);
      child.once('close', (code) => {
        if (code === 0) resolve(printed);
        else reject(new Error(`concordat ${args[0]} ended with ${code}:\n${said}`));
      });
    });
  }
}
