import { limits } from '@concordat/contracts';
import { startTelemetry } from '@concordat/runtime';
import { eventually, newAgent } from '@concordat/testing';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-node';
import { type BridgeBench, startBridgeBench, text } from './bridge.fixture';
import { agentGroup } from './bridge-store';
import { gatewayGroup } from './redis-users';

const endTelemetry = startTelemetry({
  ...{ serviceName: 'bus', instance: 'bus-1', endpoint: undefined, sampleRatio: 1 },
  exporter: new InMemorySpanExporter(),
});
const trace = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${trace}-b7ad6b7169203331-01`;

describe('agents that speak Redis Streams', () => {
  let bridges: BridgeBench;
  beforeAll(async () => (bridges = await startBridgeBench()));
  afterAll(async () => {
    await bridges.stop();
    await endTelemetry();
  });

  it('send to each other, under the identity that Redis has proven, and within one trace', async () => {
    const [ada, bob] = [await bridges.bridged(), await bridges.bridged()];
    await ada.send({ ...text(bob.bridge.did), sender: ada.bridge.did, correlation_id: 'c-1', traceparent });
    const received = await bob.receive();
    expect(received).toMatchObject({
      ...{ sender: ada.bridge.did, target: bob.bridge.did, type: 'COMMAND', payload: '{"n":1}' },
      ...{ status: 'PENDING', correlation_id: 'c-1', message_id: expect.stringMatching(/^msg-/) as string },
      traceparent: expect.stringContaining(trace) as string,
    });
    await bridges.isTaken(ada);
  });

  it('ask and answer with agents that come in by the doors', async () => {
    const [raw, modern] = [await bridges.bridged(), newAgent()];
    await bridges.iam.register(modern);
    await raw.send({ ...text(modern.did, 'how are you?', 'QUERY'), correlation_id: 'q-1', traceparent });
    const [query] = await eventually(async () => {
      const items = await bridges.inbox(modern.did);
      expect(items).toHaveLength(1);
      return items;
    });
    expect(query).toMatchObject({ from: raw.bridge.did, type: 'QUERY', correlationId: 'q-1' });
    expect(query!.traceparent).toContain(trace);
    const answer = { to: query!.from, type: 'RESPONSE', payload: 'well', correlationId: 'q-1' };
    const id = 'answer-1';
    await bridges.ask(
      'POST',
      '/messages',
      await bridges.iam.bearer(modern.did),
      { 'idempotency-key': id },
      answer,
    );
    expect(await raw.receive()).toMatchObject({ type: 'RESPONSE', correlation_id: 'q-1', payload: '"well"' });
  });

  it('that name another sender / are refused, told so, and in the trail', async () => {
    const [eve, bob] = [await bridges.bridged(), newAgent()];
    await bridges.iam.register(bob);
    const id = await eve.send({ ...text(bob.did), sender: bob.did });
    const told = await eve.receive();
    expect(told).toMatchObject({ status: 'REFUSED', entry: id, code: 'BRIDGE_SENDER_FORGED' });
    expect(JSON.parse(told['payload']!)).toMatchObject({ fix: expect.stringMatching(/sender/) as string });
    expect(await bridges.events('concordat.bus.bridge-entry.refused.v1')).toContainEqual({
      actor: `agent:${eve.bridge.did}`,
      data: { did: eve.bridge.did, code: 'BRIDGE_SENDER_FORGED', count: 1 },
    });
    expect(await bridges.inbox(bob.did)).toEqual([]);
  });

  it.each([
    ['JSON that is none', { payload: '{' }, 'JSON_MALFORMED'],
    ['a key that reaches a prototype', { payload: '{"__proto__":1}' }, 'JSON_FORBIDDEN_KEY'],
    ['a type that is none', { type: 'ORDER' }, 'INPUT_INVALID'],
    ['an unknown field', { exec: 'rm' }, 'INPUT_INVALID'],
    ['nobody to send it to', { target: newAgent().did }, 'RECIPIENT_UNKNOWN'],
  ])('that write %s / are told why, and what comes after it is sent', async (_what, over, code) => {
    const [ada, bob] = [await bridges.bridged(), await bridges.bridged()];
    await ada.send({ ...text(bob.bridge.did), ...over });
    await ada.send(text(bob.bridge.did, 'after'));
    expect(await ada.receive()).toMatchObject({ status: 'REFUSED', code });
    expect(await bob.receive()).toMatchObject({ payload: '"after"' });
  });

  it('a gateway that dies after it has published / leaves an entry that another one finishes, with one effect', async () => {
    const [ada, bob] = [await bridges.bridged(), newAgent()];
    await bridges.iam.register(bob);
    // Published, but not acknowledged: as a gateway leaves it that was killed in between.
    const id = (await ada.send(text(bob.did)))!;
    await bridges.isTaken(ada);
    const again = Object.entries(text(bob.did)).flat();
    await bridges.gateways[1]!.stop();
    // A stream takes no id again, so it is made anew with the same entry, handed out to the one that is dead.
    await bridges.operator
      .multi()
      .del(ada.bridge.inStream)
      .xadd(ada.bridge.inStream, id, ...again)
      .xgroup('CREATE', ada.bridge.inStream, gatewayGroup, '0')
      .xreadgroup('GROUP', gatewayGroup, 'bus-2', 'STREAMS', ada.bridge.inStream, '>')
      .exec();
    bridges.gateways[1] = await bridges.start('bus-2');
    await bridges.isTaken(ada);
    expect(await bridges.inbox(bob.did)).toHaveLength(1);
  });

  it('to one that does not read / wait in its inbox, until it has made room', async () => {
    const [ada, bob] = [await bridges.bridged(), await bridges.bridged()];
    const { outStream, did } = bob.bridge;
    const filling = bridges.operator.pipeline();
    for (let n = 0; n < limits.bridgeEntries; n++) filling.xadd(outStream, '*', 'type', 'FILLER');
    await filling.exec();
    await ada.send(text(did));
    await bridges.isTaken(ada);
    const group = ['GROUP', agentGroup, 'me', 'COUNT', limits.bridgeEntries + 1, 'STREAMS'] as const;
    const [[, read]] = (await bob.redis.xreadgroup(...group, outStream, '>')) as [
      [string, [string, string[]][]],
    ];
    expect(read).toHaveLength(limits.bridgeEntries);
    expect(read.filter(([, [, type]]) => type !== 'FILLER')).toEqual([]);
    await bob.redis.xack(outStream, agentGroup, ...read.map(([id]) => id));
    expect(await bob.receive()).toMatchObject({ type: 'COMMAND', sender: ada.bridge.did });
  });

  it('two gateways / take every entry once', async () => {
    const [ada, bob] = [await bridges.bridged(), await bridges.bridged()];
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    await Promise.all(numbers.map((n) => ada.send(text(bob.bridge.did, n))));
    const received: number[] = [];
    while (received.length < numbers.length) received.push(Number((await bob.receive())['payload']));
    expect(received.sort((one, other) => one - other)).toEqual(numbers);
    await bridges.isTaken(ada);
    expect(await bridges.operator.xpending(ada.bridge.inStream, gatewayGroup)).toMatchObject({ 0: 0 });
  });
});
