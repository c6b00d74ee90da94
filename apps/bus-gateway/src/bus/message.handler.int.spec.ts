import type { Principal } from '@concordat/contracts';
import { createLogger, type OperationContext } from '@concordat/runtime';
import {
  administrator,
  agentPrincipal,
  directoryAgent,
  eventually,
  newAgent,
  type TestAgent,
} from '@concordat/testing';
import { Directory } from '@concordat/directory';
import { type BusBench, startBusBench } from './bus.fixture';
import type { Send } from './compose-message';
import { Durability } from './durability';
import { parseHead } from './delivery-view';
import { messageHandlers } from './message.handler';
import { PayloadCheck } from '../schema/payload-check';
import { SchemaStore } from '../schema/schema-store';

describe('sending messages and asking for them', () => {
  let bench: BusBench;
  let durability: Durability;
  const directory = new Directory();
  const [ada, bob, eve] = [newAgent(), newAgent(), newAgent()];
  const admit = (
    agent: TestAgent,
    tenant: string,
    status: 'active' | 'suspended' | 'revoked',
    position: number,
  ) => directory.put({ epoch: 1, position }, directoryAgent(agent, { tenant, status }));

  beforeAll(async () => {
    bench = await startBusBench();
    durability = new Durability(
      bench.redis,
      createLogger({ service: 'bus', instance: 'bus-1', level: 'silent' }),
    );
    for (const [n, agent] of [ada, bob, eve].entries()) admit(agent, 'default', 'active', n + 1);
    await eventually(() => expect(durability.current).toBe('appendfsync-always'));
  });
  afterAll(() => bench.stop());

  const handlers = () =>
    messageHandlers({
      ...{ publisher: bench.store.publisher, states: bench.store.states, directory, durability },
      authorizer: { authorize: () => undefined },
      payloads: new PayloadCheck(new SchemaStore(bench.redis), () => performance.now()),
      partitions: bench.partitions,
    });
  let commands = 0;
  const context = (principal: Principal, commandId = `c-${++commands}`): OperationContext => ({
    ...{ operation: 'message.send', principal, commandId, minPosition: {} },
    ...{ conversation: null, traceparent: null, address: null },
  });
  const send = (principal: Principal, to: string, over: object = {}, commandId?: string) =>
    handlers()['message.send'](
      { to: to as Send['to'], type: 'EVENT', payload: { n: 1 }, priority: 'NORMAL', ...over },
      context(principal, commandId),
    );
  const get = (principal: Principal, id: string) => handlers()['message.get']({ id }, context(principal));
  const refusal = (asked: Promise<unknown>) => asked.catch((error: unknown) => error);

  it('a message / is acknowledged with the durability of the store that has it', async () => {
    const { output, position, source } = await send(agentPrincipal(ada.did), bob.did);
    expect(output).toMatchObject({ status: 'PENDING', durability: 'appendfsync-always' });
    expect(source).toBe(`bus.${bench.partitionOf(bob.did)}`);
    expect(position).toMatchObject({ position: expect.any(Number) as number });
  });

  it('a message to a suspended agent / waits for it', async () => {
    const later = newAgent();
    admit(later, 'default', 'suspended', 50);
    expect((await send(agentPrincipal(ada.did), later.did)).output.status).toBe('PENDING');
    admit(later, 'default', 'revoked', 51);
    expect(await refusal(send(agentPrincipal(ada.did), later.did))).toMatchObject({
      code: 'RECIPIENT_UNKNOWN',
    });
  });

  it('its sender, its recipient and an administrator / see its status, and nobody learns more than that', async () => {
    const { output } = await send(agentPrincipal(ada.did), bob.did, {
      correlationId: 'c-1',
      priority: 'HIGH',
    });
    const answers = await Promise.all(
      [agentPrincipal(ada.did), agentPrincipal(bob.did), administrator()].map((who) => get(who, output.id)),
    );
    for (const answer of answers)
      expect(answer.output).toEqual({
        ...{ id: output.id, from: ada.did, to: bob.did, type: 'EVENT', priority: 'HIGH', status: 'PENDING' },
        ...{ correlationId: 'c-1', timestamp: expect.any(String) as string, deliveredAt: null, attempts: 0 },
        ...{ recipients: { open: 1, delivered: 0, failed: 0, expired: 0, purged: 0 }, history: [] },
      });
  });

  it('for everybody else / it is as unknown as one that never was', async () => {
    const { output } = await send(agentPrincipal(ada.did), bob.did);
    const absent = await refusal(
      get(agentPrincipal(eve.did), 'msg-1-0-01890000-0000-7000-8000-000000000000'),
    );
    expect(absent).toMatchObject({ code: 'MESSAGE_UNKNOWN' });
    const strangers: Principal[] = [
      agentPrincipal(eve.did),
      agentPrincipal(ada.did, 'acme'),
      agentPrincipal(bob.did, 'acme'),
      administrator('acme'),
      { ...administrator(), id: 'f'.repeat(16), scopes: ['read', 'write'] } as Principal,
    ];
    for (const stranger of strangers) expect(await refusal(get(stranger, output.id))).toEqual(absent);
  });

  it('an API key / sends under its own name and finds what it sent', async () => {
    const key: Principal = { ...administrator(), scopes: ['read', 'write'] } as Principal;
    const { output } = await send(key, bob.did);
    expect((await get(key, output.id)).output.from).toBe(`apiKey:${key.id}`);
  });

  it('a recipient that is unknown, revoked or of another tenant / is refused alike', async () => {
    const [revoked, foreign] = [newAgent(), newAgent()];
    admit(revoked, 'default', 'revoked', 11);
    admit(foreign, 'acme', 'active', 12);
    const unknown = await refusal(send(agentPrincipal(ada.did), newAgent().did));
    expect(unknown).toMatchObject({ code: 'RECIPIENT_UNKNOWN' });
    for (const { did } of [revoked, foreign])
      expect(await refusal(send(agentPrincipal(ada.did), did))).toEqual(unknown);
  });

  it('a request that is repeated after its recipient was revoked / is answered as it was', async () => {
    const mortal = newAgent();
    admit(mortal, 'default', 'active', 21);
    const commandId = 'm'.repeat(43);
    const first = await send(agentPrincipal(ada.did), mortal.did, {}, commandId);
    admit(mortal, 'default', 'revoked', 22);
    expect(await send(agentPrincipal(ada.did), mortal.did, {}, commandId)).toEqual(first);
    const others = [send(agentPrincipal(ada.did), mortal.did, { payload: 2 }, commandId)];
    others.push(send(agentPrincipal(ada.did), mortal.did, {}, 'n'.repeat(43)));
    const [other, fresh] = await Promise.all(others.map(refusal));
    expect(other).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(fresh).toMatchObject({ code: 'RECIPIENT_UNKNOWN' });
  });

  it('a request that is repeated under its key / is the same message; the order of its fields does not matter', async () => {
    const commandId = 'k'.repeat(43);
    const first = await send(agentPrincipal(ada.did), bob.did, { payload: { a: 1, b: 2 } }, commandId);
    const again = await send(agentPrincipal(ada.did), bob.did, { payload: { b: 2, a: 1 } }, commandId);
    expect(again).toEqual(first);
    expect(
      await refusal(send(agentPrincipal(ada.did), bob.did, { payload: { a: 1 } }, commandId)),
    ).toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    expect(await refusal(send(agentPrincipal(ada.did), eve.did, {}, commandId))).toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  });

  it('a payload that names its schema / is held to it, and arrives with the version', async () => {
    const reader = newAgent();
    admit(reader, 'default', 'active', 60);
    const record = {
      encoding: 'json',
      compatibility: 'backward',
      registeredAt: '2026-01-01T00:00:00.000Z',
    } as const;
    const schema = { type: 'object', required: ['n'] };
    await new SchemaStore(bench.redis).put('default', 'order', 1, {
      digest: 'd',
      record: { ...record, schema },
    });
    await send(agentPrincipal(ada.did), reader.did, { schema: 'order' });
    await send(agentPrincipal(ada.did), reader.did);
    const wrong = send(agentPrincipal(ada.did), reader.did, { schema: 'order/1', payload: { m: 1 } });
    expect(await refusal(wrong)).toMatchObject({
      code: 'PAYLOAD_INVALID',
      errors: [{ pointer: '/payload' }],
    });
    const unknown = send(agentPrincipal(ada.did), reader.did, { schema: 'order/2' });
    expect(await refusal(unknown)).toMatchObject({ code: 'SCHEMA_UNKNOWN' });
    const request = { tenant: 'default', recipient: reader.did, count: 10, leaseSeconds: 30 };
    const received = await bench.store.fetch(request);
    expect(received.map(({ head }) => parseHead(head).schema)).toEqual(['order/1', null]);
  });

  it('a request that is repeated after its schema was changed / is answered as it was', async () => {
    const store = new SchemaStore(bench.redis);
    const record = {
      encoding: 'json',
      compatibility: 'none',
      registeredAt: '2026-01-01T00:00:00.000Z',
    } as const;
    await store.put('default', 'note', 1, { digest: 'd', record: { ...record, schema: {} } });
    const commandId = 's'.repeat(43);
    const first = await send(agentPrincipal(ada.did), bob.did, { schema: 'note' }, commandId);
    await store.put('default', 'note', 2, { digest: 'e', record: { ...record, schema: { not: {} } } });
    expect(await send(agentPrincipal(ada.did), bob.did, { schema: 'note' }, commandId)).toEqual(first);
    const fresh = send(agentPrincipal(ada.did), bob.did, { schema: 'note' }, 't'.repeat(43));
    expect(await refusal(fresh)).toMatchObject({ code: 'PAYLOAD_INVALID' });
  });
});
