import { startRedis, type StartedServer } from '@concordat/processes';
import { describeFeed } from './feed.conformance';

describe('with a real Redis', () => {
  let server: StartedServer;
  beforeAll(async () => (server = await startRedis({ flavour: 'durable' })));
  afterAll(() => server.stop());

  describeFeed('Redis', () => server.url);
});
