import { spawnSync } from 'node:child_process';
import { findExecutable } from './executables';

let available: string | undefined | null = null;

/**
 * Wraps a command so that the kernel signals it when this process dies, even by kill -9 (prctl(2) PR_SET_PDEATHSIG).
 * Node cannot set that itself; `setpriv` of util-linux (essential on Debian) sets it and becomes the command, under the
 * same pid. Without it the command runs as it is, and orphans are found through what the supervisor wrote down.
 */
export function dyingWithParent(
  command: string,
  args: readonly string[],
  signal: NodeJS.Signals,
): { command: string; args: readonly string[] } {
  if (available === null) available = usableSetpriv();
  if (available === undefined) return { command, args };
  return { command: available, args: ['--pdeathsig', signal.replace(/^SIG/, ''), '--', command, ...args] };
}

function usableSetpriv(): string | undefined {
  const found = process.platform === 'linux' ? findExecutable(['setpriv'], STANDARD_PATH) : undefined;
  if (found === undefined) return undefined;
  const { status } = spawnSync(found, ['--pdeathsig', 'TERM', '--', '/bin/true'], { stdio: 'ignore' });
  return status === 0 ? found : undefined;
}

const STANDARD_PATH = '/usr/bin:/bin:/usr/local/bin';
