import { startRedis, type StartedServer } from '@concordat/processes';
import { describeLuaScript } from './lua-script.conformance';

describe('with a real Redis', () => {
  let server: StartedServer;
  beforeAll(async () => (server = await startRedis({ flavour: 'volatile' })));
  afterAll(() => server.stop());

  describeLuaScript('Redis', () => server.url);
});
