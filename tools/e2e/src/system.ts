import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signalFamily } from '@concordat/processes';
import { Concordat } from '@concordat/sdk';
import { eventually, newAgent, type TestAgent } from '@concordat/testing';
import { inherited } from './environment';
import { prepare } from './prepare';

export const repository = join(__dirname, '..', '..', '..');

export interface RunningProcess {
  readonly name: string;
  readonly pid: number | null;
  readonly port: number;
  readonly state: string;
  readonly restarts: number;
  readonly healthUrl?: string;
  readonly logFile: string;
}

export interface RunFile {
  readonly http: readonly string[];
  readonly grpc: readonly string[];
  readonly vkeyFile: string;
  readonly adminKeyFile: string;
  readonly processes: readonly RunningProcess[];
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `./concordat …` as a user would. */
export function concordat(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(repository, 'concordat'), args, {
      cwd: repository,
      env: { ...inherited(), ...environment },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** The whole system, started by the launcher: two gateways, real stores, free ports, a folder of its own. */
export class System {
  private constructor(readonly folder: string) {}

  static async start(environment: Record<string, string> = {}): Promise<System> {
    const system = new System(mkdtempSync(join(tmpdir(), 'concordat-e2e-')));
    await prepare(system.folder);
    await system.up(environment);
    return system;
  }

  async up(environment: Record<string, string> = {}): Promise<void> {
    const args = ['up', '--detach', '--data', this.folder, '--http-port', '0', '--gateways', '2'];
    const { code, stderr } = await concordat(args, { CONCORDAT_BRIDGE: 'on', ...environment });
    if (code !== 0) throw new Error(`the system did not start:\n${stderr}`);
  }

  get run(): RunFile {
    return JSON.parse(readFileSync(join(this.folder, 'run.json'), 'utf8')) as RunFile;
  }

  get adminKey(): string {
    return readFileSync(this.run.adminKeyFile, 'utf8').trim();
  }

  get vkey(): string {
    return readFileSync(this.run.vkeyFile, 'utf8');
  }

  /** @param gateway 0 or 1 */
  url(gateway = 0): string {
    return this.run.http[gateway]!;
  }

  process(name: string): RunningProcess {
    return this.run.processes.find((candidate) => candidate.name === name)!;
  }

  admin(gateway = 0): Concordat {
    return new Concordat({ url: this.url(gateway), credential: { apiKey: this.adminKey } });
  }

  /** A client of an agent. */
  client(agent: TestAgent, gateway = 0): Concordat {
    return new Concordat({
      url: this.url(gateway),
      credential: { secretKey: agent.secretKey, did: agent.did },
    });
  }

  async registered(name = 'agent', gateway = 0): Promise<TestAgent> {
    const agent = newAgent();
    await this.admin(gateway).agents.register({ name, type: 'SERVICE', publicKey: agent.publicKeyText });
    return agent;
  }

  /** Ends a process as a power switch would. */
  kill9(name: string): void {
    process.kill(this.process(name).pid!, 'SIGKILL');
  }

  /** Freezes a process with all its children: it accepts connections and says nothing. */
  suspend(name: string): void {
    signalFamily(this.process(name).pid!, 'SIGSTOP');
  }

  resume(name: string): void {
    signalFamily(this.process(name).pid!, 'SIGCONT');
  }

  /** Every gateway says that it and what it needs is ready. */
  async ready(): Promise<void> {
    const urls = this.run.processes.flatMap(({ healthUrl }) => (healthUrl === undefined ? [] : [healthUrl]));
    await eventually(async () => {
      for (const url of urls) {
        const response = await fetch(`${url}/health/ready`);
        if (response.status !== 200) throw new Error(`${url}: ${await response.text()}`);
      }
    }, 60_000);
  }

  async down(): Promise<Outcome> {
    return concordat(['down', '--data', this.folder]);
  }

  async stop(): Promise<void> {
    await this.down();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
