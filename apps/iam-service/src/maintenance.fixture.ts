import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from '@concordat/testing';

const script = join(__dirname, '..', 'dist', 'maintenance.js');

export interface Answer {
  readonly ok: boolean;
  readonly message: string;
  readonly result: Record<string, unknown>;
}

/** The built maintenance of iam, as the CLI runs it. */
export function begin(bench: Bench, args: readonly string[]): ChildProcess {
  if (!existsSync(script)) throw new Error(`${script} is missing. Run: npx nx build iam-service`);
  return spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      CONCORDAT_DATA_DIR: join(bench.folder, 'iam'),
      CONCORDAT_PEERS_FILE: join(bench.folder, 'peers.json'),
      CONCORDAT_REDIS_URL: bench.redis.durable.url,
    },
  });
}

/** As `maintain`. @throws Error with its message, when it failed */
export async function succeed(bench: Bench, ...args: string[]): Promise<Answer> {
  const answer = await maintain(bench, ...args);
  if (!answer.ok) throw new Error(`${args.join(' ')}: ${answer.message}`);
  return answer;
}

export async function maintain(bench: Bench, ...args: string[]): Promise<Answer> {
  const child = begin(bench, args);
  let stdout = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  await new Promise((resolve) => child.once('close', resolve));
  return JSON.parse(stdout) as Answer;
}
