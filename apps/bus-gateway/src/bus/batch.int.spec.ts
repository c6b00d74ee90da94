import { ConcordatError, limits, type OperationInput } from '@concordat/contracts';
import { Directory } from '@concordat/directory';
import { createLogger, type OperationContext } from '@concordat/runtime';
import { agentPrincipal, directoryAgent, eventually, newAgent } from '@concordat/testing';
import { PayloadCheck } from '../schema/payload-check';
import { SchemaStore } from '../schema/schema-store';
import { type BusBench, startBusBench } from './bus.fixture';
import { Durability } from './durability';
import { messageHandlers } from './message.handler';
import { inboxOf } from './queue';

type Item = OperationInput<'message.sendBatch'>['messages'][number];

/** As the gateway names a command that the caller has named: longer than a UUID. */
const named = (name: string): string => name.padEnd(43, '-');

describe('a batch of messages', () => {
  let bench: BusBench;
  let handlers: ReturnType<typeof messageHandlers>;
  const directory = new Directory();
  const [ada, bob, eve] = [newAgent(), newAgent(), newAgent()];
  beforeAll(async () => {
    bench = await startBusBench(4);
    const durability = new Durability(
      bench.redis,
      createLogger({ service: 'bus', instance: 'bus-1', level: 'silent' }),
    );
    for (const [n, agent] of [ada, bob, eve].entries())
      directory.put({ epoch: 1, position: n + 1 }, directoryAgent(agent));
    handlers = messageHandlers({
      ...{ publisher: bench.store.publisher, states: bench.store.states, directory, durability },
      authorizer: {
        authorize: (_, input) => {
          if ((input as Item).to === eve.did) throw new ConcordatError('POLICY_DENIED');
        },
      },
      payloads: new PayloadCheck(new SchemaStore(bench.redis), () => performance.now()),
      partitions: bench.partitions,
    });
    await eventually(() => expect(durability.current).toBe('appendfsync-always'));
  });
  beforeEach(() => bench.redis.flushall());
  afterAll(() => bench.stop());

  const item = (n: number, over: Partial<Item> | object = {}): Item => ({
    ...{ to: bob.did as Item['to'], type: 'EVENT', payload: n, priority: 'NORMAL', ...over },
  });
  const context = (commandId: string): OperationContext => ({
    ...{ operation: 'message.sendBatch', principal: agentPrincipal(ada.did), commandId, minPosition: {} },
    ...{ conversation: null, traceparent: null, address: null },
  });
  let batches = 0;
  const send = async (messages: Item[], commandId = named(`b${++batches}`)) =>
    (await handlers['message.sendBatch']({ messages }, context(commandId))).output.items;
  const received = async (did: string, tenant = 'default') =>
    (await bench.store.fetchQueue(inboxOf(tenant, did), did, 100)).map(
      ({ payload }) => JSON.parse(payload) as number,
    );

  it('is answered message by message, in its order, and arrives in it', async () => {
    const items = await send([1, 2, 3].map((n) => item(n)));
    for (const answer of items)
      expect(answer).toMatchObject({ status: 'PENDING', durability: 'appendfsync-always', problem: null });
    expect(new Set(items.map(({ id }) => id)).size).toBe(3);
    expect(await received(bob.did)).toEqual([1, 2, 3]);
  });

  it('with messages that cannot be sent / tells of each why, and sends the others', async () => {
    const nobody = newAgent().did;
    const items = await send([
      item(1),
      item(2, { to: nobody }),
      item(3, { to: eve.did }),
      item(4, { to: 'topic:unknown' }),
      item(5, { signature: [{ alg: 'Ed25519', kid: 'x', value: 'AA' }] }),
      item(6, { schema: 'order.created' }),
      item(7, { to: '*', delaySeconds: 5 }),
      item(8),
    ]);
    expect(items.map(({ problem }) => problem?.code ?? 'ok')).toEqual([
      ...['ok', 'RECIPIENT_UNKNOWN', 'POLICY_DENIED', 'TOPIC_UNKNOWN', 'MESSAGE_SIGNATURE_INVALID'],
      ...['SCHEMA_UNKNOWN', 'INPUT_INVALID', 'ok'],
    ]);
    for (const { id, status, problem } of items)
      expect([id === null, status === null]).toEqual([problem !== null, problem !== null]);
    expect(await received(bob.did)).toEqual([1, 8]);
    expect(await received(eve.did)).toEqual([]);
  });

  it('that is repeated as a whole / is answered as before, and arrives once', async () => {
    const messages = [item(1), item(2, { to: newAgent().did }), item(3, { to: ada.did })];
    const first = await send(messages, named('again'));
    expect(await send(messages, named('again'))).toEqual(first);
    expect([await received(bob.did), await received(ada.did)]).toEqual([[1], [3]]);
  });

  it('repeated after part of it was refused / sends what can be sent by now', async () => {
    const late = newAgent();
    const messages = [item(1), item(2, { to: late.did })];
    const first = await send(messages, named('later'));
    directory.put({ epoch: 1, position: 9 }, directoryAgent(late));
    const again = await send(messages, named('later'));
    expect([first[1]!.problem?.code, again[1]!.problem]).toEqual(['RECIPIENT_UNKNOWN', null]);
    expect(again[0]).toEqual(first[0]);
    expect([await received(bob.did), await received(late.did)]).toEqual([[1], [2]]);
  });

  it('with another message in the place of one / tells that the key was used', async () => {
    await send([item(1), item(2)], named('used'));
    const items = await send([item(1), item(99)], named('used'));
    expect(items.map(({ problem }) => problem?.code ?? 'ok')).toEqual(['ok', 'IDEMPOTENCY_KEY_REUSED']);
    expect(await received(bob.did)).toEqual([1, 2]);
  });

  it('whose messages have keys of their own / recognises them in another batch, at another place', async () => {
    const [first] = await send([item(1, { idempotencyKey: 'own' })]);
    const [other, again] = await send([item(2), item(1, { idempotencyKey: 'own' })]);
    expect(again).toEqual(first);
    expect(other!.id).not.toBe(first!.id);
    expect(await received(bob.did)).toEqual([1, 2]);
  });

  it('with one key twice / sends that message once', async () => {
    const items = await send([item(1, { idempotencyKey: 'k' }), item(1, { idempotencyKey: 'k' })]);
    expect(items[0]).toEqual(items[1]);
    expect(await received(bob.did)).toEqual([1]);
  });

  it('without a name / is a new one every time', async () => {
    const unnamed = 'x'.repeat(36);
    const [first] = await send([item(1)], unnamed);
    const [second] = await send([item(1)], unnamed);
    expect(second!.id).not.toBe(first!.id);
    expect(await received(bob.did)).toEqual([1, 1]);
  });

  it(`of ${limits.batchMessages} messages, the most there can be / arrives whole`, async () => {
    const items = await send(Array.from({ length: limits.batchMessages }, (_, n) => item(n)));
    expect(items.filter(({ problem }) => problem !== null)).toEqual([]);
    const all: number[] = [];
    for (let found = await received(bob.did); found.length > 0; found = await received(bob.did))
      all.push(...found);
    expect(all).toEqual(items.map((_, n) => n));
  });

  it('while Redis is down / is refused as a whole, and a repetition sends it once', async () => {
    const messages = [item(1), item(2)];
    bench.server.suspend();
    const refused = await send(messages, named('down')).catch((error: unknown) => error);
    bench.server.resume();
    expect(refused).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    const items = await eventually(() => send(messages, named('down')));
    expect(items.map(({ problem }) => problem)).toEqual([null, null]);
    expect(await received(bob.did)).toEqual([1, 2]);
  });
});
