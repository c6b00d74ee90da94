import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  isPortFree,
  movedCluster,
  OWNER_NOTE,
  portHolder,
  SYSTEM_DIRECTORY,
  tailOfFile,
} from '@concordat/processes';
import { probeReady } from '../supervisor/health';
import { DEFAULT_HTTP_PORT } from '../supervisor/port-plan';
import { type RunFile } from '../supervisor/run-file';
import { findRunning } from '../supervisor/running';
import { services } from '../supervisor/services';
import { broken, examined, type Finding, ok, warning } from './finding';

const OTHERS = 0o077;
const HEALTH_TIMEOUT_MS = 3_000;

/** The data folder and what runs on it. */
export async function examineInstallation(dataDirectory: string): Promise<Finding[]> {
  const run = await findRunning(dataDirectory);
  const findings = await Promise.all([
    examined('data folder', () => dataFolderModes(dataDirectory)),
    examined('left-over databases', () => leftOvers()),
    run === undefined ? examined('ports', () => defaultPorts()) : examined('processes', () => processes(run)),
  ]);
  return findings.flat();
}

async function dataFolderModes(directory: string): Promise<Finding[]> {
  const name = 'data folder';
  const found = await stat(directory).catch(() => undefined);
  if (found === undefined) return [ok(name, `${directory} (made by the first ./concordat up)`)];
  // Passing through without looking is what PostgreSQL needs when root runs it as a user of its own.
  const loose = (found.mode & OTHERS & ~0o011) !== 0;
  const mode = (found.mode & 0o777).toString(8);
  const folder = loose
    ? broken(name, `${directory} has mode ${mode}: others can look into it`, `chmod 700 '${directory}'`)
    : ok(name, `${directory} (mode ${mode})`);
  return [folder, ...(await looseSecrets(directory))];
}

async function looseSecrets(directory: string): Promise<Finding[]> {
  const places = ['.', 'identity', 'redis', 'redis-rpc', 'postgres'];
  const files = await Promise.all(
    places.map(async (place) =>
      (await readdir(join(directory, place)).catch(() => []))
        .filter((name) => /(\.key|^password|^url|\.acl|^run\.json)$/.test(name))
        .map((name) => join(directory, place, name)),
    ),
  );
  const loose: Finding[] = [];
  for (const file of files.flat()) {
    const { mode } = await stat(file);
    if ((mode & OTHERS) !== 0)
      loose.push(broken('secrets', `${file} has mode ${(mode & 0o777).toString(8)}`, `chmod 600 '${file}'`));
  }
  return loose;
}

/** Clusters that were put below /var/lib/concordat for a data folder that has been deleted since. */
async function leftOvers(): Promise<Finding[]> {
  const names = await readdir(SYSTEM_DIRECTORY).catch(() => []);
  const findings: Finding[] = [];
  for (const name of names) {
    const place = join(SYSTEM_DIRECTORY, name);
    const owner = (await readFile(join(place, OWNER_NOTE), 'utf8').catch(() => '')).trim();
    if (owner === '' || (existsSync(owner) && (await movedCluster(owner)) === place)) continue;
    const detail = `${place} holds the PostgreSQL data of ${owner}, which is gone`;
    findings.push(warning('left-over database', detail, `If nobody needs it: rm -r '${place}'`));
  }
  return findings;
}

async function defaultPorts(): Promise<Finding[]> {
  const ports = [DEFAULT_HTTP_PORT, DEFAULT_HTTP_PORT + 1, ...services.map(({ healthPort }) => healthPort)];
  const taken: Finding[] = [];
  for (const port of ports) {
    if (await isPortFree(port)) continue;
    const holder = portHolder(port) ?? 'another process';
    taken.push(warning('ports', `${port} is taken by ${holder}`, 'Start with ./concordat up --http-port 0'));
  }
  return taken.length > 0 ? taken : [ok('ports', `free: ${ports.join(', ')}; Concordat does not run`)];
}

async function processes({ supervisorPid, processes: all }: RunFile): Promise<Finding[]> {
  const findings = await Promise.all(
    all.map(async ({ name, state, restarts, pid, healthUrl, logFile }) => {
      const detail = `${state}, process ${pid ?? '–'}, restarts: ${restarts}`;
      const sick = state !== 'ready' ? state : await failingHealth(healthUrl);
      if (sick === undefined) return ok(name, detail);
      const last = tailOfFile(logFile, 1)[0]?.slice(0, 200) ?? 'nothing';
      return broken(name, `${detail}; ${sick}`, `See ${logFile}; it printed last: ${last}`);
    }),
  );
  return [ok('supervisor', `process ${supervisorPid}`), ...findings];
}

async function failingHealth(url: string | undefined): Promise<string | undefined> {
  if (url === undefined) return undefined;
  try {
    await probeReady(url, AbortSignal.timeout(HEALTH_TIMEOUT_MS));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
