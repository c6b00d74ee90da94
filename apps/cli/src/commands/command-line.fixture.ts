import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { generateEd25519, toBase64url, toDidKey } from '@concordat/crypto';
import { AgentFiles, type LocalAgent } from '../client/agent-files';
import { type FakeGateway, startGateway } from '../client/gateway.fixture';
import { runCommandLine } from '../program';

/** A command line for tests: a data folder of its own, a gateway that says what it is told to, and what was printed. */
export class CommandLine {
  printed = '';
  said = '';
  /** Thrown by the next write to stdout, which prints nothing then. */
  stdoutFailure: Error | undefined;
  readonly folder = mkdtempSync(join(tmpdir(), 'concordat commands '));
  readonly agents = new AgentFiles(this.folder);

  private constructor(readonly gateway: FakeGateway) {
    writeFileSync(join(this.folder, 'admin.key'), 'cck_admin\n', { mode: 0o600 });
    const print = (text: string, done?: (error?: Error) => void): boolean => {
      const failure = this.stdoutFailure;
      if (!failure) this.printed += text;
      done?.(failure);
      return true;
    };
    jest.spyOn(process.stdout, 'write').mockImplementation(print as typeof process.stdout.write);
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((this.said += String(text)), true));
    process.exitCode = undefined;
  }

  static async open(): Promise<CommandLine> {
    return new CommandLine(await startGateway());
  }

  async close(): Promise<void> {
    jest.restoreAllMocks();
    process.exitCode = undefined;
    await this.gateway.close();
    rmSync(this.folder, { recursive: true });
  }

  /** @returns the exit code */
  run(...argv: string[]): Promise<number> {
    return this.runHere(...argv, '--url', this.gateway.url);
  }

  /** The same, of a command that asks no gateway. */
  runHere(...argv: string[]): Promise<number> {
    process.exitCode = undefined;
    return runCommandLine([...argv, '--data', this.folder]);
  }

  /** What a command that must succeed prints for programs. */
  async json(...argv: string[]): Promise<unknown> {
    this.printed = '';
    expect(await this.run(...argv, '-o', 'json')).toBe(0);
    return JSON.parse(this.printed);
  }

  /** An agent whose key is here. */
  async localAgent(name: string): Promise<LocalAgent> {
    const { secretKey, publicKey } = generateEd25519();
    const agent = { name, did: toDidKey(publicKey), secretKey: toBase64url(secretKey), tenant: 'default' };
    await this.agents.begin(agent);
    await this.agents.finish(agent);
    return agent;
  }
}

/** Runs something to which a text is piped. */
export async function withStdin<T>(text: string, run: () => Promise<T>): Promise<T> {
  const before = Object.getOwnPropertyDescriptor(process, 'stdin')!;
  const stdin = new PassThrough();
  stdin.end(text);
  Object.defineProperty(process, 'stdin', { value: stdin, configurable: true });
  try {
    return await run();
  } finally {
    Object.defineProperty(process, 'stdin', before);
  }
}

/** What the gateway says of an agent. */
export const identity = (did: string, over: object = {}) => ({
  ...{ did, name: 'ada', type: 'CLAUDE', status: 'active', metadata: {}, controllerDid: null },
  publicKeys: [{ alg: 'Ed25519', kid: 'k', value: 'AAAA' }],
  ...{ relationshipType: 'none', verified: false, createdAt: '2026-01-01T00:00:00.000Z', lastSeen: null },
  authKeyId: 'k',
  ...{ verification: null, version: 1 },
  ...over,
});
