import { once } from 'node:events';
import { startRedis, type StartedServer } from '@concordat/processes';
import { commandNode } from './node-connection';
import { whenReady } from './redis-connection';

describe('a connection to Redis', () => {
  let server: StartedServer;
  beforeAll(async () => (server = await startRedis({ flavour: 'volatile' })));
  afterAll(() => server.stop());

  it('that is closed already / is closed again without a timer that holds the process up', async () => {
    const connection = commandNode({ url: server.url, name: 'closed' });
    await whenReady(connection, 5_000);
    const ended = once(connection, 'end');
    connection.disconnect();
    await ended;
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    connection.disconnect();
    expect(timers()).toBe(before);
  });
});
