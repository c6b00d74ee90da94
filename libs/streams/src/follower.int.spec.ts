import { startRedis, type StartedServer } from '@concordat/processes';
import { describeFollower } from './follower.conformance';

describe('with a real Redis', () => {
  let server: StartedServer;
  beforeAll(async () => (server = await startRedis({ flavour: 'volatile' })));
  afterAll(() => server.stop());

  describeFollower('Redis', () => server.url);
});
