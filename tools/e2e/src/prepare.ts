import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyClusterTemplate, isPortFree } from '@concordat/processes';
import { worker } from './environment';

/** What a system of two gateways asks ports for, by the names in its ports.json. */
const portNames = [
  ...['http-1', 'http-2', 'grpc-1', 'grpc-2'],
  ...['iam-service', 'audit-service', 'vault-service', 'redis', 'redis-rpc', 'postgres'],
];

/** Below the ports of outgoing connections, like all ports that Concordat chooses. */
const lowestPort = 20_000;
const laneWidth = 5_000;
const lanes = 2;

/** Makes a data folder look as if Concordat had run there: its ports are chosen, and its PostgreSQL cluster is made. */
export async function prepare(folder: string): Promise<void> {
  writeFileSync(join(folder, 'supervisor.lock.1'), '{}', { mode: 0o600 });
  writeFileSync(join(folder, 'ports.json'), JSON.stringify(await choosePorts()), { mode: 0o600 });
  copyClusterTemplate(join(folder, 'postgres'));
}

/**
 * Suites start systems at the same time, and between the choice of a port and its use lie seconds: so every jest process
 * has a lane of ports of its own. Where in it, its pid decides: another run of the tests may be under way.
 */
async function choosePorts(): Promise<Record<string, number>> {
  const chosen: Record<string, number> = {};
  let port = lowestPort + (worker % lanes) * laneWidth + (process.pid % 400) * portNames.length;
  for (const name of portNames) {
    while (!(await isPortFree(port))) port += 1;
    chosen[name] = port++;
  }
  return chosen;
}
