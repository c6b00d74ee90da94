import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findExecutable, findPostgresBinaries, findRedisServer, redisVersion } from '@concordat/processes';
import { type Environment } from '../environment';
import { ownDatabases, redisMissing } from '../supervisor/databases';
import { broken, examined, type Finding, ok, warning } from './finding';

/** What the machine brings: Node, npm, compilers, database servers. */
export async function examineMachine(environment: Environment): Promise<Finding[]> {
  const findings = await Promise.all([
    examined('node', async () => node()),
    examined('npm', () => npm(environment)),
    examined('toolchain', async () => toolchain(environment)),
    examined('redis-server', () => redis(environment)),
    examined('postgres', () => postgres(environment)),
  ]);
  return findings.flat();
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const supported = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
  const detail = `${process.version} (${process.execPath})`;
  return supported ? ok('node', detail) : broken('node', detail, 'Install Node 20.19, 22.12 or newer.');
}

async function npm({ path, tools }: Environment): Promise<Finding> {
  const found = findExecutable(['npm'], `${dirname(process.execPath)}:${path}`);
  if (found === undefined)
    return warning(
      'npm',
      'not on the PATH',
      'Needed to install: sudo apt-get install -y npm, or a Node that brings it.',
    );
  const { stdout } = await promisify(execFile)(found, ['--version'], { env: tools, timeout: 20_000 });
  return ok('npm', `${stdout.trim()} (${found})`);
}

function toolchain({ path }: Environment): Finding {
  const needed = {
    python3: ['python3', 'python'],
    make: ['make', 'gmake'],
    'g++': ['g++', 'c++', 'clang++'],
  };
  const missing = Object.entries(needed)
    .filter(([, names]) => findExecutable(names, path) === undefined)
    .map(([name]) => name);
  if (missing.length > 0) {
    const fix = 'To compile better-sqlite3 at installation: sudo apt-get install -y python3 make g++';
    return warning('toolchain', `missing: ${missing.join(', ')}`, fix);
  }
  const headers = join(dirname(dirname(process.execPath)), 'include', 'node', 'node.h');
  if (existsSync(headers)) return ok('toolchain', 'python3, make, C++ compiler, headers of Node');
  const fix =
    'At installation node-gyp downloads them from nodejs.org; a Node from nodesource or nvm brings them.';
  return warning('toolchain', `no headers of Node at ${headers}`, fix);
}

async function redis(environment: Environment): Promise<Finding> {
  const own = ownDatabases(environment).filter((name) => name.startsWith('redis'));
  if (own.length === 0) return ok('redis-server', 'not needed: the environment names other servers');
  const executable = findRedisServer(environment.path);
  if (executable === undefined) return broken('redis-server', 'not on the PATH', redisMissing);
  return ok('redis-server', `${await redisVersion(executable)} (${executable})`);
}

async function postgres(environment: Environment): Promise<Finding> {
  if (environment.databaseUrl !== undefined)
    return ok('postgres', 'not needed: CONCORDAT_DATABASE_URL is set');
  const { root, version } = await findPostgresBinaries();
  const { stdout } = await promisify(execFile)(join(root, 'bin', 'postgres'), ['--version'], {
    timeout: 10_000,
  });
  return ok('postgres', `${stdout.trim()} (npm, ${version})`);
}
