import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort, type ManagedProcess } from '@concordat/processes';
import { dataFolder, provideDataFolder } from './provision';
import { serviceProcesses } from './service-processes';
import { type StandIns, standIns } from './stand-ins.fixture';

let place: StandIns;
let started: ManagedProcess | undefined;
let stranger: Server;
let port: number;

beforeEach(async () => {
  place = standIns();
  port = await freePort();
  stranger = createServer((_request, response) => response.end('{"status":"ok"}')).listen(port, '127.0.0.1');
  await once(stranger, 'listening');
});
afterEach(async () => {
  await started?.stop(0);
  stranger.close();
  stranger.closeAllConnections();
  await place.remove();
});

async function vaultService(): Promise<ManagedProcess> {
  const folder = dataFolder(place.dataDirectory);
  await provideDataFolder(folder);
  const { environment, appsDirectory } = place;
  const ports = { http: [], grpc: [], port: () => port };
  const members = await serviceProcesses({ environment, appsDirectory, folder, ports });
  started = members.find(({ process }) => process.name === 'vault-service')!.process;
  return started;
}

describe('a service whose port somebody else has taken, and who answers that all is well', () => {
  it('is not believed to be ready', async () => {
    const main = join(place.appsDirectory, 'vault-service', 'dist', 'main.js');
    mkdirSync(join(main, '..'), { recursive: true });
    writeFileSync(main, 'setInterval(() => {}, 1_000);\n');
    const service = await vaultService();
    service.start();
    await expect(service.whenReady(1_500)).rejects.toThrow(
      new RegExp(`port ${port} is held by process ${process.pid} .*, not by process \\d+`),
    );
  });

  it('becomes ready when it has the port itself', async () => {
    const states: string[] = [];
    const service = await vaultService();
    service.on('state', (state) => states.push(state));
    service.start();
    await once(service, 'exited');
    expect(states).not.toContain('ready');
    stranger.close();
    stranger.closeAllConnections();
    await once(service, 'ready');
  });
});
