import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import Redis from 'ioredis';
import { Client } from 'pg';
import type { Machine } from './report';
import { repository, type System } from './system';

/** What the figures were measured on. */
export const describeMachine = (): Omit<Machine, 'redis' | 'postgres'> => ({
  cpus: cpus().length,
  cpuModel: cpus()[0]?.model.trim() ?? '',
  memoryMb: Math.round(totalmem() / 2 ** 20),
  node: process.version,
  loadBefore: loadavg()[0]!,
});

/** @returns null outside of a git checkout */
export function commit(): string | null {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, {
      cwd: repository,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    return (
      git('rev-parse', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '-dirty')
    );
  } catch {
    return null;
  }
}

/** The versions of the servers that run. */
export async function storeVersions({ folder }: System): Promise<Pick<Machine, 'redis' | 'postgres'>> {
  const urlOf = (name: string): string => readFileSync(join(folder, name, 'url'), 'utf8').trim();
  const redis = new Redis(urlOf('redis'));
  const postgres = new Client({ connectionString: urlOf('postgres') });
  try {
    const info = await redis.info('server');
    await postgres.connect();
    const { rows } = await postgres.query<{ server_version: string }>('SHOW server_version');
    return {
      redis: /^(?:valkey|redis)_version:(\S+)/m.exec(info)?.[1] ?? null,
      postgres: rows[0]?.server_version ?? null,
    };
  } finally {
    redis.disconnect();
    await postgres.end();
  }
}
