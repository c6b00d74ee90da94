import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { ProcessLog, providePrivateDirectory, tailOfFile } from '@concordat/processes';
import { UserError } from '../context';
import { type Progress } from '../output';
import { cliMain } from '../repository';
import { dataFolder, provideDataFolder } from './provision';
import { type RunFile } from './run-file';

/** What the supervisor in the background tells the command that started it. Never a secret. */
export type SupervisorMessage =
  | { readonly kind: 'doing' | 'done' | 'warn'; readonly text: string }
  | { readonly kind: 'end' }
  | { readonly kind: 'ready'; readonly run: RunFile }
  | { readonly kind: 'failed'; readonly message: string; readonly alreadyRunning: boolean };

export interface DetachedOptions {
  readonly dataDirectory: string;
  /** of `supervise`, and no secrets: everyone can read arguments */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Starts the supervisor in the background and waits until everything is ready. SIGINT and SIGTERM call the start off.
 * @returns undefined when another supervisor was quicker
 * @throws UserError with the reason when it fails; then nothing runs
 */
export async function startDetached(
  { dataDirectory, args, env }: DetachedOptions,
  progress: Progress,
): Promise<RunFile | undefined> {
  const folder = dataFolder(dataDirectory);
  await provideDataFolder(folder);
  await providePrivateDirectory(folder.logs);
  const log = new ProcessLog(join(folder.logs, 'supervisor.log'));
  await log.rotateIfFull();
  const logMark = log.size();
  const descriptor = log.open();
  const child = spawn(process.execPath, [cliMain, 'supervise', '--data', dataDirectory, ...args], {
    detached: true,
    stdio: ['ignore', descriptor, descriptor, 'ipc'],
    env,
    // The folder it was called from may go away while it runs.
    cwd: dataDirectory,
  });
  closeSync(descriptor);
  const callOff = (): void => void child.kill('SIGTERM');
  process.once('SIGINT', callOff).once('SIGTERM', callOff);
  try {
    return await new Promise<RunFile | undefined>((resolve, reject) => {
      child.on('message', (message: SupervisorMessage) => {
        if (message.kind === 'ready') resolve(message.run);
        else if (message.kind !== 'failed') show(message, progress);
        else if (message.alreadyRunning) resolve(undefined);
        else reject(new UserError(message.message));
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        const lines = tailOfFile(log.file, 10, logMark).map((line) => `    ${line}`);
        const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
        const why = code === 0 ? 'The start was called off.' : `The supervisor ended with ${how}.`;
        reject(new UserError([why, `Log: ${log.file}`, ...lines].join('\n')));
      });
    });
  } finally {
    progress.end();
    process.off('SIGINT', callOff).off('SIGTERM', callOff);
    if (child.connected) child.disconnect();
    child.unref();
  }
}

function show(
  message: Extract<SupervisorMessage, { kind: 'doing' | 'done' | 'warn' | 'end' }>,
  progress: Progress,
): void {
  if (message.kind === 'end') progress.end();
  else progress[message.kind](message.text);
}
