import { isPortFree, portHolder, readableLog, tailOfFile } from '@concordat/processes';
import { probeOwnReady } from '../supervisor/health';
import { DEFAULT_HTTP_PORT } from '../supervisor/port-plan';
import { dataFolder } from '../supervisor/provision';
import { lookForRunFile, type RunFile, runFilePath, supervisorLives } from '../supervisor/run-file';
import { supervisorPid } from '../supervisor/running';
import { services } from '../supervisor/services';
import { examineDataFolder } from './data-folder';
import { leftOverClusters } from './left-over-clusters';
import { broken, examined, type Finding, ok, warning } from './finding';

const HEALTH_TIMEOUT_MS = 3_000;

/** The data folder and what runs on it. */
export async function examineInstallation(dataDirectory: string): Promise<Finding[]> {
  const findings = await Promise.all([
    examineDataFolder(dataDirectory),
    examined('left-over databases', () => leftOverClusters(dataDirectory)),
    examined('processes', () => whatRuns(dataDirectory)),
  ]);
  return findings.flat();
}

/** Its pid says whether a supervisor runs; run.json, which may be missing, damaged or closed, only what else does. */
async function whatRuns(dataDirectory: string): Promise<Finding[]> {
  const found = await lookForRunFile(dataDirectory);
  const file = runFilePath(dataDirectory);
  const run = typeof found === 'object' && supervisorLives(found) ? found : undefined;
  if (run !== undefined) return processes(run);
  const pid = await supervisorPid(dataDirectory);
  const why = typeof found === 'string' ? `${file} cannot be read: ${found}` : `${file} says nothing of it`;
  if (pid !== undefined) {
    const fix = `It writes the file anew within seconds. If not, see ${dataFolder(dataDirectory).logs}/supervisor.log; ./concordat down stops it.`;
    return [warning('supervisor', `process ${pid} runs; ${why}`, isClosed(found) ? ASK_THE_OWNER : fix)];
  }
  const ports = await defaultPorts();
  if (isClosed(found))
    return [warning('supervisor', `whether it runs cannot be told: ${why}`, ASK_THE_OWNER), ...ports];
  const rest =
    typeof found === 'string' ? [warning('run.json', why, 'Remove it with: ./concordat down')] : [];
  return [ok('supervisor', 'Concordat does not run'), ...rest, ...ports];
}

const isClosed = (found: RunFile | string | undefined): boolean => found === 'EACCES' || found === 'EPERM';
const ASK_THE_OWNER = 'Run ./concordat doctor as the user that started Concordat.';

async function defaultPorts(): Promise<Finding[]> {
  const ports = [DEFAULT_HTTP_PORT, DEFAULT_HTTP_PORT + 1, ...services.map(({ healthPort }) => healthPort)];
  const taken: Finding[] = [];
  for (const port of ports) {
    if (await isPortFree(port)) continue;
    const holder = portHolder(port) ?? 'another process';
    taken.push(warning('ports', `${port} is taken by ${holder}`, 'Start with ./concordat up --http-port 0'));
  }
  return taken.length > 0 ? taken : [ok('ports', `free: ${ports.join(', ')}`)];
}

async function processes({ supervisorPid: pid, processes: all }: RunFile): Promise<Finding[]> {
  const findings = await Promise.all(
    all.map(async ({ name, state, restarts, pid: child, port, healthUrl: url, logFile }) => {
      const detail = `${state}, process ${child ?? '–'}, restarts: ${restarts}`;
      const sick = state !== 'ready' ? state : await failingHealth(url, port, child);
      if (sick === undefined) return ok(name, detail);
      const last = readableLog(tailOfFile(logFile, 50)).at(-1) ?? 'nothing';
      return broken(name, `${detail}; ${sick}`, `See ${logFile}; it printed last: ${last}`);
    }),
  );
  return [ok('supervisor', `process ${pid}`), ...findings];
}

async function failingHealth(
  url: string | undefined,
  port: number,
  pid: number | null,
): Promise<string | undefined> {
  if (url === undefined || pid === null) return undefined;
  try {
    await probeOwnReady({ url, port, pid }, AbortSignal.timeout(HEALTH_TIMEOUT_MS));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
