import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { findRedisServer } from '@concordat/processes';
import { type Context, UserError } from '../context';
import { repositoryRoot } from '../repository';
import { ownDatabases, redisMissing } from './databases';

/**
 * Makes sure that there is a redis-server to run, unless the environment names servers: installs it where that needs
 * no question (as root or with passwordless sudo, through apt), and says so.
 * @param stderr where the installer tells how it goes
 * @throws UserError with what to do by hand
 */
export async function provideRedis(
  { environment, progress }: Pick<Context, 'environment' | 'progress'>,
  stderr: 'inherit' | 'ignore' = 'inherit',
): Promise<void> {
  const needed = ownDatabases(environment).some((name) => name.startsWith('redis'));
  if (!needed || findRedisServer(environment.path) !== undefined) return;
  progress.warn('There is no redis-server on this machine; installing it with the system package manager.');
  const installer = join(repositoryRoot, 'apps', 'cli', 'bootstrap', 'system-package.mjs');
  const child = spawn(process.execPath, [installer, 'redis-server'], {
    stdio: ['ignore', 'ignore', stderr],
    env: environment.tools,
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0 || findRedisServer(environment.path) === undefined) throw new UserError(redisMissing);
}
