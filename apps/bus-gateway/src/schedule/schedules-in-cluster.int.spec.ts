import { operations } from '@concordat/contracts';
import { Directory } from '@concordat/directory';
import { type StartedCluster, startRedisCluster } from '@concordat/processes';
import { type OperationContext, sleep, systemClock } from '@concordat/runtime';
import { commandConnection, type RedisConnection, whenReady } from '@concordat/streams';
import { agentPrincipal, directoryAgent, eventually, newAgent } from '@concordat/testing';
import { scheduleHandlers } from './schedule.handler';
import { ScheduleJob } from './schedule.job';
import { ScheduleQueue } from './schedule-queue';
import { ScheduleStore } from './schedule-store';

describe('schedules in a Redis Cluster', () => {
  let cluster: StartedCluster;
  let redis: RedisConnection;
  beforeAll(async () => {
    cluster = await startRedisCluster();
    redis = commandConnection({ url: cluster.url, name: 'test' });
    await whenReady(redis, 5_000);
  });
  afterAll(async () => {
    redis.disconnect();
    await cluster.stop();
  });

  it('fire once, are planned again, and end when they are deleted', async () => {
    const agent = newAgent();
    const directory = new Directory();
    directory.put({ epoch: 1, position: 1 }, directoryAgent(agent, { tenant: 'default' }));
    const connection = { url: cluster.url, name: 'schedules', onError: () => undefined };
    const queue = new ScheduleQueue(connection, systemClock);
    const sent: string[] = [];
    const allow = (): void => undefined;
    const common = {
      ...{ store: new ScheduleStore(redis), clock: systemClock, authorizer: { authorize: allow } },
      feed: { append: () => Promise.resolve() },
    };
    const job = new ScheduleJob({
      ports: {
        ...{ ...common, directory, freshness: { require: allow } },
        limits: { admitMessages: () => Promise.resolve() },
        plan: (tenant, id, atMs) => queue.plan(tenant, id, atMs),
        forget: (id, atMs) => queue.forget(id, atMs),
        send: (_input, { commandId }) => {
          sent.push(commandId!);
          const id = 'msg-1-0-0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5a';
          return Promise.resolve({
            output: { id, status: 'PENDING', durability: 'unknown' },
            position: null,
          });
        },
      },
      ...{ connection, sleep },
    });
    job.onApplicationBootstrap();
    const handlers = scheduleHandlers({ ...common, queue });
    const context: OperationContext = {
      ...{ operation: 'schedule.create', principal: agentPrincipal(agent.did), commandId: 'c' },
      ...{ minPosition: {}, conversation: null, traceparent: null, address: null },
    };
    const message = operations['message.send'].input.parse({ to: agent.did, type: 'EVENT', payload: 1 });
    const create = () => handlers['schedule.create']({ message, everySeconds: 1 }, context);
    // Until the connections are there it is refused, and can be repeated.
    const { output } = await eventually(create);
    await eventually(() => expect(sent.length).toBeGreaterThan(1));
    await handlers['schedule.delete']({ id: output.id }, context);
    expect(new Set(sent).size).toBe(sent.length);
    await job.beforeApplicationShutdown();
    await queue.onApplicationShutdown();
  });
});
