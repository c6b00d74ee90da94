import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type RunFileProcess } from '../supervisor/run-file';
import { answeringServices } from './answering-services';

const servers: Server[] = [];
afterAll(() => servers.forEach((server) => server.close()));

async function process(name: string, status: number): Promise<RunFileProcess> {
  const server = createServer((_request, response) => response.writeHead(status).end('{}'));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const healthUrl = `http://127.0.0.1:${port}`;
  return { name, pid: 1, mark: null, port, healthUrl, state: 'ready', restarts: 0, logFile: '' };
}

it('the services that answer are those that say they are ready, gateways as one', async () => {
  const redis = {
    name: 'redis',
    pid: 1,
    mark: null,
    port: 1,
    state: 'ready',
    restarts: 0,
    logFile: '',
  } as const;
  const processes = await Promise.all([
    process('bus-gateway-1', 503),
    process('bus-gateway-2', 200),
    process('iam-service', 200),
    process('audit-service', 503),
  ]);
  expect(await answeringServices({ processes: [...processes, redis] })).toEqual([
    'iam-service',
    'bus-gateway',
  ]);
});
