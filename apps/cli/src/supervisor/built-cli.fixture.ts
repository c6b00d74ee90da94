import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cliMain } from '../repository';
import { type StandIns } from './stand-ins.fixture';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdio?: StdioOptions;
  /** uid and gid of another user */
  readonly user?: number;
}

/** The built CLI (nx builds before it tests), on an installation of stand-ins. */
export interface BuiltCli {
  spawn(args: readonly string[], more?: Surroundings): ChildProcess;
  run(...args: string[]): Promise<Ended>;
}

const pipes: StdioOptions = ['ignore', 'pipe', 'pipe'];

/** @param place asked at every call, so that each test may have its own */
export function builtCli(place: () => StandIns): BuiltCli {
  if (!existsSync(cliMain)) throw new Error(`${cliMain} is missing. Run: npx nx build cli`);
  const start: BuiltCli['spawn'] = (args, { env = {}, stdio = pipes, user } = {}) =>
    spawn(process.execPath, [cliMain, ...args, '--data', place().dataDirectory], {
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', CONCORDAT_APPS: place().appsDirectory, ...env },
      stdio,
      ...(user === undefined ? {} : { uid: user, gid: user }),
      cwd: '/',
    });
  return { spawn: start, run: (...args) => ending(start(args)) };
}

/** What it printed, as far as that is a pipe, and how it ended. */
export function ending(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}
