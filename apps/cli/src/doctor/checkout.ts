import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { services, gatewayApp } from '../supervisor/services';
import { broken, examined, type Finding, ok, warning } from './finding';

/** What the checkout must have been made ready with: packages and builds. */
export async function examineCheckout(root: string, appsDirectory: string): Promise<Finding[]> {
  const findings = await Promise.all([
    examined('packages', () => packages(root)),
    examined('better-sqlite3', async () => nativeModule(root)),
    examined('builds', async () => builds(appsDirectory)),
  ]);
  return findings.flat();
}

/** The stamp is the one of apps/cli/bootstrap/install.mjs. */
async function packages(root: string): Promise<Finding> {
  const stamp = await readFile(join(root, 'node_modules', '.concordat-install'), 'utf8').catch(
    () => undefined,
  );
  const lock = createHash('sha256')
    .update(await readFile(join(root, 'package-lock.json')))
    .digest('hex');
  if (stamp === undefined)
    return warning(
      'packages',
      'not installed by ./concordat',
      'Any ./concordat command checks and repairs them.',
    );
  if (stamp.startsWith(lock)) return ok('packages', 'as package-lock.json says');
  return broken('packages', 'older than package-lock.json', 'Run ./concordat up, or: npm ci');
}

function nativeModule(root: string): Finding {
  const binary = join(root, 'node_modules', 'better-sqlite3', 'build', 'Release', 'better_sqlite3.node');
  return existsSync(binary)
    ? ok('better-sqlite3', 'compiled')
    : broken('better-sqlite3', `${binary} is missing`, 'Run: npm rebuild better-sqlite3');
}

function builds(appsDirectory: string): Finding {
  const missing = [gatewayApp, ...services.map(({ name }) => name)].filter(
    (app) => !existsSync(join(appsDirectory, app, 'dist', 'main.js')),
  );
  if (missing.length === 0) return ok('builds', 'all services are built');
  return broken('builds', `not built: ${missing.join(', ')}`, 'Run: npx nx run-many -t build');
}
