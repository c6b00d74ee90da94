import { getEventListeners } from 'node:events';
import { ConcordatError } from '@concordat/contracts';
import type { OperationContext } from '@concordat/runtime';
import { blockingConnection, whenReady } from '@concordat/streams';
import { agentPrincipal, eventually, newAgent } from '@concordat/testing';
import { type BusBench, startBusBench } from './bus.fixture';
import { Doorbell } from './doorbell';
import { InFlight } from './in-flight';
import { inboxHandlers } from './inbox.handler';

/** Whoever is not rung up looks after five seconds; every wait that is asserted here ends long before. */
const promptMs = 3_000;

describe('waiting at an inbox', () => {
  let bench: BusBench;
  const doorbells: Doorbell[] = [];
  beforeAll(async () => (bench = await startBusBench()));
  afterEach(() => Promise.all(doorbells.splice(0).map((doorbell) => doorbell.onModuleDestroy())));
  afterAll(() => bench.stop());

  const openDoorbell = async (onError: (error: unknown) => void = () => undefined): Promise<Doorbell> => {
    const blocking = blockingConnection({ url: bench.server.url, name: 'doorbell' });
    await whenReady(blocking, 5_000);
    const doorbell = new Doorbell(blocking, bench.partitions, onError);
    doorbells.push(doorbell);
    return doorbell;
  };
  const startDoorbell = async (): Promise<Doorbell> => {
    const doorbell = await openDoorbell();
    doorbell.onApplicationBootstrap();
    return doorbell;
  };
  const gateway = (doorbell: Doorbell) =>
    inboxHandlers({
      ...{ deliveries: bench.store.deliveries, doorbell },
      inFlight: new InFlight(() => performance.now()),
      monotonicMs: () => performance.now(),
      random: () => 0,
    });
  const context = (did: string, signal = new AbortController().signal): OperationContext => ({
    ...{ operation: 'inbox.fetch', principal: agentPrincipal(did), commandId: null, minPosition: {} },
    ...{
      conversation: null,
      traceparent: null,
      address: null,
      signal,
      recheck: async () => agentPrincipal(did),
    },
  });
  const input = (over: object = {}) => ({ count: 10, waitSeconds: 30, leaseSeconds: 30, ...over });
  const within = async <T>(promise: Promise<T>): Promise<T> => {
    const begun = performance.now();
    const result = await promise;
    expect(performance.now() - begun).toBeLessThan(promptMs);
    return result;
  };

  it('an agent that waits / gets a message as soon as it is sent, whichever gateway took it', async () => {
    const to = newAgent().did;
    const waiting = gateway(await startDoorbell())['inbox.fetch'](input(), context(to));
    const sent = await (await bench.anotherStore()).publish(bench.outgoing(to, { payload: '{"n":1}' }));
    const { output } = await within(waiting);
    expect(output.items).toMatchObject([{ id: sent.id, payload: { n: 1 }, attempt: 1, leaseSeconds: 30 }]);
  });

  it('a message that is sent before the doorbell has begun to listen / is not missed', async () => {
    const to = newAgent().did;
    const doorbell = await openDoorbell();
    const waiting = gateway(doorbell)['inbox.fetch'](input(), context(to));
    // The agent has found nothing and waits; then it rings, and only then somebody listens.
    await bench.redis.ping();
    await bench.store.publish(bench.outgoing(to));
    doorbell.onApplicationBootstrap();
    expect((await within(waiting)).output.items).toHaveLength(1);
  });

  it('a Redis that is killed / ends the wait with an error or with the message, never with silence', async () => {
    const to = newAgent().did;
    const waiting = gateway(await startDoorbell())
      ['inbox.fetch'](input(), context(to))
      .catch((error: unknown) => error);
    await bench.server.kill9();
    await eventually(() => bench.store.publish(bench.outgoing(to, { commandId: 'after the kill' })));
    const answer = await waiting;
    if (answer instanceof Error) expect(answer).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    else expect(answer).toMatchObject({ output: { items: [{ to }] } });
  });

  it('one of several instances of an agent / gets the message, the others go on waiting without leaving anything behind', async () => {
    const to = newAgent().did;
    const doorbell = await startDoorbell();
    const callers = [1, 2, 3].map(() => new AbortController());
    const answers = callers.map(({ signal }) =>
      gateway(doorbell)['inbox.fetch'](input({ count: 1 }), context(to, signal)),
    );
    for (let n = 0; n < 2; n++) await bench.store.publish(bench.outgoing(to));
    const received = new Set<number>();
    const settled = answers.map((answer, index) =>
      answer.then(({ output }) => {
        if (output.items.length > 0) received.add(index);
      }),
    );
    await eventually(() => expect(received.size).toBe(2));
    const last = callers.find((_, index) => !received.has(index))!;
    expect(getEventListeners(last.signal, 'abort').length).toBeLessThanOrEqual(1);
    last.abort();
    await Promise.all(settled);
    expect(received.size).toBe(2);
  });

  it('a caller that is gone / ends its wait, takes no message along and leaves no listener', async () => {
    const to = newAgent().did;
    const caller = new AbortController();
    const waiting = gateway(await startDoorbell())['inbox.fetch'](input(), context(to, caller.signal));
    await eventually(() => expect(getEventListeners(caller.signal, 'abort')).toHaveLength(1));
    caller.abort();
    expect((await within(waiting)).output.items).toEqual([]);
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0);
    const { id, partition } = await bench.store.publish(bench.outgoing(to));
    expect(await bench.store.state('default', partition, id)).toMatchObject({ status: 'PENDING' });
  });

  it('a gateway that stops / ends every wait at once, without asking Redis again and again', async () => {
    const dids = Array.from({ length: 50 }, () => newAgent().did);
    const doorbell = await startDoorbell();
    const waiting = dids.map((did) => gateway(doorbell)['inbox.fetch'](input(), context(did)));
    const commands = async () =>
      Number(/total_commands_processed:(\d+)/.exec(await bench.redis.info('stats'))![1]);
    await bench.redis.ping();
    const before = await commands();
    await doorbell.onModuleDestroy();
    const answers = await within(Promise.all(waiting));
    expect(answers.map(({ output }) => output.items)).toEqual(dids.map(() => []));
    expect((await commands()) - before).toBeLessThan(300);
    // Whoever comes now gets what there is, and does not wait.
    const late = await within(gateway(doorbell)['inbox.fetch'](input(), context(newAgent().did)));
    expect(late.output.items).toEqual([]);
  });

  it('an agent that is revoked while it waits / gets the refusal and not the message', async () => {
    const to = newAgent().did;
    const recheck = async () => {
      throw new ConcordatError('CREDENTIAL_INVALID');
    };
    const waiting = gateway(await startDoorbell())['inbox.fetch'](input(), { ...context(to), recheck });
    const outcome = expect(waiting).rejects.toMatchObject({ code: 'CREDENTIAL_INVALID' });
    const { id, partition } = await bench.store.publish(bench.outgoing(to));
    await within(outcome);
    expect(await bench.store.state('default', partition, id)).toMatchObject({ status: 'PENDING' });
  });

  it('five hundred agents that wait / share one connection, and each is woken by its own message only', async () => {
    const doorbell = await startDoorbell();
    const dids = Array.from({ length: 500 }, () => newAgent().did);
    const connected = async () =>
      Number(/connected_clients:(\d+)/.exec(await bench.redis.info('clients'))![1]);
    const before = await connected();
    const answers = dids.map((did) => gateway(doorbell)['inbox.fetch'](input(), context(did)));
    expect(await connected()).toBe(before);
    await Promise.all(
      dids.map((did) => bench.store.publish(bench.outgoing(did, { payload: JSON.stringify(did) }))),
    );
    const received = await within(Promise.all(answers));
    expect(received.map(({ output }) => output.items.map(({ payload }) => payload))).toEqual(
      dids.map((did) => [did]),
    );
  });

  it('more agents than a gateway takes / are refused, until one has gone', async () => {
    const doorbell = await openDoorbell();
    const bells = Array.from({ length: 10_000 }, (_, n) => doorbell.listen(`default ${n}`));
    expect(() => doorbell.listen('default x')).toThrow(expect.objectContaining({ code: 'OVERLOADED' }));
    bells.pop()!.end();
    doorbell.listen('default x').end();
    for (const bell of bells) bell.end();
  });
});

describe('acknowledging over the inbox', () => {
  let bench: BusBench;
  beforeAll(async () => (bench = await startBusBench()));
  afterAll(() => bench.stop());

  it('tokens that are not ours, malformed or stale / are named, and the others are settled', async () => {
    const to = newAgent().did;
    const handlers = inboxHandlers({
      ...{
        deliveries: bench.store.deliveries,
        doorbell: {} as Doorbell,
        monotonicMs: () => 0,
        random: () => 0,
        inFlight: new InFlight(() => 0),
      },
    });
    const context: OperationContext = {
      ...{ operation: 'inbox.ack', principal: agentPrincipal(to), commandId: 'c', minPosition: {} },
      ...{ conversation: null, traceparent: null, address: null },
    };
    await bench.store.publish(bench.outgoing(to));
    const input = { count: 1, waitSeconds: 0, leaseSeconds: 30 };
    const [item] = (await handlers['inbox.fetch'](input, { ...context, operation: 'inbox.fetch' })).output
      .items;
    const good = item!.deliveryToken;
    const bad = [
      '.',
      '-.-',
      'x',
      item!.id,
      `${item!.id}.`,
      `${item!.id}x`,
      `${good}x`,
      `x${good}`,
      '__proto__.x',
    ];
    const refused = handlers['inbox.ack']({ tokens: [...bad, good] }, context);
    await expect(refused).rejects.toMatchObject({
      code: 'DELIVERY_TOKEN_STALE',
      detail: `${bad.length} of ${bad.length + 1} tokens are stale; the others were settled.`,
      errors: bad.map((_, index) => ({ pointer: `/tokens/${index}`, message: 'is stale' })),
    });
    // The good one was settled, and settling it again is no contradiction.
    expect((await handlers['inbox.ack']({ tokens: [good] }, context)).output).toEqual({ acked: [item!.id] });
  });
});
