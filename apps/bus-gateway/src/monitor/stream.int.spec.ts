import { register } from 'prom-client';
import { type DoorBench, problemOf, startDoorBench } from '../door.fixture';
import { openGrpc } from '../grpc.fixture';
import { type GenericCaller, openGeneric } from '../reflection.fixture';

describe('streams at the doors', () => {
  let doors: DoorBench;
  let generic: GenericCaller;
  beforeAll(async () => {
    doors = await startDoorBench();
    generic = await openGeneric(doors.gateway.grpcAddress, 'v1');
    await ask('/v1/topics', 'POST', 'admin', { name: 'orders' });
    await ask('/v1/topics/orders/subscriptions/workers', 'PUT', 'admin', {});
  });
  afterAll(async () => {
    generic.close();
    await doors.stop();
  });

  const ask = (path: string, method: string, by: 'agent' | 'admin' | 'garbage', body?: object) =>
    fetch(doors.gateway.url + path, {
      headers: { authorization: doors.authorization[by], 'content-type': 'application/json' },
      ...{ method, ...(body && { body: JSON.stringify(body) }) },
    });
  const get = (path: string, by: 'agent' | 'admin' | 'garbage') => ask(path, 'GET', by);

  it('over HTTP / are asked for by names with colons, and what is not known is null', async () => {
    const answer = await get(`/v1/streams/${encodeURIComponent('topic:orders')}`, 'agent');
    expect(await answer.json()).toMatchObject({ name: 'topic:orders', waiting: 0, deliveredPerSecond: null });
    const inbox = await get(`/v1/streams/inbox:${doors.agent.did}/groups`, 'admin');
    expect(await inbox.json()).toMatchObject({
      items: [{ group: doors.agent.did, waiting: 0, consumers: null }],
    });
  });

  it('that the caller cannot see / are absent; names that no stream has are not valid', async () => {
    expect((await problemOf(await get('/v1/streams/feed:iam', 'agent'))).code).toBe('STREAM_UNKNOWN');
    expect((await problemOf(await get('/v1/streams/topic:nothing', 'admin'))).code).toBe('STREAM_UNKNOWN');
    for (const name of ['', 'orders', 'topic:', 'topic:a%3Ab', 'inbox:ada', 'feed:..%2Fx', 'feed:bus.0%0A'])
      expect([400, 404]).toContain((await get(`/v1/streams/${name}/groups`, 'admin')).status);
    expect((await problemOf(await get('/v1/streams/inbox:ada', 'admin'))).code).toBe('INPUT_INVALID');
    expect((await get('/v1/streams', 'garbage')).status).toBe(401);
  });

  it('over gRPC / have a 0 where there is nothing, and no field where nobody knows', async () => {
    const grpc = openGrpc(doors.gateway.grpcAddress);
    const authorization = doors.authorization.agent;
    const { message } = await grpc.ask('BusService/GetStream', { name: 'topic:orders' }, { authorization });
    grpc.close();
    expect(message).toMatchObject({ name: 'topic:orders', kind: 'topic', groups: 1, waiting: 0 });
    for (const field of ['length', 'oldestWaitSeconds', 'deliveredPerSecond'])
      expect(message).not.toHaveProperty(field);
  });

  it('by reflection / are told apart so too', async () => {
    const name = { name: 'topic:orders' };
    const found = await generic.call('concordat.v1.BusService/GetStream', name, doors.authorization.agent);
    expect(found).toMatchObject({ ...name, waiting: 0 });
    expect(found).not.toHaveProperty('oldest_wait_seconds');
  });

  it('and the gateway / show their numbers at /metrics without naming anybody', async () => {
    await fetch(`${doors.gateway.url}/v1/inbox`, { headers: { authorization: doors.authorization.agent } });
    const text = await (await fetch(`${doors.gateway.url}/metrics`)).text();
    const ours = text.split('\n').filter((line) => line.includes('concordat_bus_'));
    expect(ours).toContain('concordat_bus_waiting_readers 0');
    expect(ours.join('\n')).not.toContain(doors.agent.did);
    const labels = (await register.getMetricsAsJSON())
      .filter(({ name }) => name.startsWith('concordat_bus_'))
      .flatMap(({ values }) =>
        (values as { labels: object }[]).flatMap((value) => Object.keys(value.labels)),
      );
    expect(labels.filter((label) => label !== 'partition')).toEqual([]);
  });
});
