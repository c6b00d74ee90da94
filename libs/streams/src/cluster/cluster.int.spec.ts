import { type StartedCluster, startRedisCluster } from '@concordat/processes';
import { blockingConnection, commandConnection } from '../connection';
import { describeControlLane } from '../control-lane.conformance';
import { describeEventLog } from '../event-log.conformance';
import { describeFeed } from '../feed.conformance';
import { describeFollower } from '../follower.conformance';
import { describeLuaScript } from '../lua-script.conformance';
import { whenReady } from '../redis-connection';
import { RedisEventLog } from '../redis-event-log';
import { describeRpc } from '../rpc/rpc.conformance';

describe('with a real Redis Cluster', () => {
  let cluster: StartedCluster;
  let log: RedisEventLog;

  beforeAll(async () => {
    cluster = await startRedisCluster();
    const commands = commandConnection({ url: cluster.url, name: 'test' });
    log = new RedisEventLog(commands, blockingConnection({ url: cluster.url, name: 'test-reader' }));
    await whenReady(commands, 5_000);
  });
  afterAll(async () => {
    await log.close();
    await cluster.stop();
  });

  describeLuaScript('a cluster', () => cluster.url);
  describeEventLog('in a cluster', () => log);
  describeFeed('a cluster', () => cluster.url);
  describeFollower('a cluster', () => cluster.url);
  describeRpc('a cluster', () => cluster.url);
  // Last: what is stored survives the kill, but callers would see it.
  describeControlLane(
    'a cluster',
    () => cluster.url,
    async () => {
      for (const node of cluster.nodes) await node.kill9();
    },
  );
});
