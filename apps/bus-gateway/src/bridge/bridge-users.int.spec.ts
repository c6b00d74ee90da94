import { errorDefinition, type OperationOutput } from '@concordat/contracts';
import { Directory } from '@concordat/directory';
import { type OperationContext, systemClock } from '@concordat/runtime';
import { streamKeys } from '@concordat/streams';
import { administrator, eventually, newAgent } from '@concordat/testing';
import { type BridgeBench, startBridgeBench, text } from './bridge.fixture';
import { agentGroup as group } from './bridge-store';
import { bridgeHandlers } from './bridge.handler';
import { gatewayGroup, RedisUsers } from './redis-users';

type Put = OperationOutput<'bridge.put'>;

describe('the users of agents in Redis', () => {
  let bridges: BridgeBench;
  beforeAll(async () => (bridges = await startBridgeBench()));
  afterAll(() => bridges.stop());

  it('can do nothing in Redis but append to their own stream and read their own', async () => {
    const [ada, bob] = [await bridges.bridged(), await bridges.bridged()];
    const { inStream, outStream } = bob.bridge;
    const mine = ada.bridge;
    const attempts: [string, ...string[]][] = [
      ['XADD', inStream, '*', 'target', '*'],
      ['XADD', mine.outStream, '*', 'target', '*'],
      ['XREADGROUP', 'GROUP', group, 'x', 'STREAMS', outStream, '>'],
      ['XREADGROUP', 'GROUP', gatewayGroup, 'x', 'STREAMS', mine.inStream, '>'],
      ['XACK', outStream, group, '1-1'],
      ['XRANGE', mine.outStream, '-', '+'],
      ['XADD', streamKeys.events('bus.0'), '*', 'a', 'b'],
      ['HGETALL', 'cc:{bridge}:records'],
      ['DEL', mine.inStream],
      ['XGROUP', 'CREATE', mine.inStream, 'x', '0'],
      ['ACL', 'WHOAMI'],
      ['ACL', 'SETUSER', mine.user, '+@all', '~*'],
      ['EVAL', 'return 1', '0'],
      ['KEYS', '*'],
      ['CONFIG', 'GET', '*'],
    ];
    for (const [command, ...args] of attempts) {
      const refused = await ada.redis.call(command, ...args).catch((error: Error) => error.message);
      expect([command, refused]).toEqual([command, expect.stringMatching(/^NOPERM/)]);
    }
    const guess = { ...bob.bridge, password: mine.password };
    await expect(bridges.connect(guess)).rejects.toThrow();
  });

  it('a revoked agent / is thrown out of Redis, and what it has written is refused', async () => {
    const known = newAgent();
    const [eve, bob] = [await bridges.bridged(known), await bridges.bridged()];
    const closed = new Promise<void>((resolve) => eve.redis.once('end', () => resolve()));
    await bridges.iam.revoke(known.did);
    await closed;
    // A gateway that is a look behind can make the user once more, for as long as that look.
    await eventually(() => expect(bridges.connect(eve.bridge)).rejects.toThrow());
    await bridges.operator.xadd(eve.bridge.inStream, '*', ...Object.entries(text(bob.bridge.did)).flat());
    await eventually(async () =>
      expect(await bridges.events('concordat.bus.bridge-entry.refused.v1')).toContainEqual({
        actor: `agent:${known.did}`,
        data: { did: known.did, code: 'AGENT_REVOKED', count: 1 },
      }),
    );
  });

  it('a bridge / shows its password once, changes it when put again, and is listed without it', async () => {
    const known = newAgent();
    const before = await bridges.bridged(known);
    const key = { 'idempotency-key': 'put-1' };
    const path = `/bridges/${known.did}`;
    const put = (await (await bridges.ask('PUT', path, bridges.admin, key)).json()) as Put;
    expect(put).toMatchObject({ user: before.bridge.user, inStream: before.bridge.inStream });
    expect(await (await bridges.ask('PUT', path, bridges.admin, key)).json()).toMatchObject({
      code: 'SECRET_ALREADY_SHOWN',
    });
    await eventually(() => expect(bridges.connect(before.bridge)).rejects.toThrow());
    await eventually(() => bridges.connect(put));
    const { password: _, ...view } = put;
    const listed = (await (await bridges.ask('GET', '/bridges?limit=500')).json()) as { items: unknown[] };
    expect(listed.items).toContainEqual(view);
    const log = bridges.gateways.flatMap((gateway) => gateway.log).join('');
    for (const secret of [put.password, before.bridge.password]) expect(log).not.toContain(secret);
  });

  it('a bridge that is deleted / is gone with its user and its streams', async () => {
    const ada = await bridges.bridged();
    const closed = new Promise<void>((resolve) => ada.redis.once('end', () => resolve()));
    const { did, user, inStream, outStream } = ada.bridge;
    expect((await bridges.ask('DELETE', `/bridges/${did}`)).status).toBe(200);
    await closed;
    await eventually(async () => expect(await bridges.operator.exists(inStream, outStream)).toBe(0));
    expect(await (await bridges.ask('DELETE', `/bridges/${did}`)).json()).toMatchObject({
      code: 'BRIDGE_UNKNOWN',
    });
    expect(await bridges.events('concordat.bus.bridge.removed.v1')).toContainEqual({
      actor: expect.stringMatching(/^apiKey:/) as string,
      data: { did, user },
    });
  });

  it('of another tenant, and by an agent / a bridge cannot be made', async () => {
    const [stranger, agent] = [newAgent(), newAgent()];
    await bridges.iam.register(stranger, { tenant: 'acme' });
    await bridges.iam.register(agent);
    const code = async (answer: Response) => ((await answer.json()) as { code: string }).code;
    expect(await code(await bridges.ask('PUT', `/bridges/${stranger.did}`))).toBe('AGENT_UNKNOWN');
    const asked = bridges.ask('PUT', `/bridges/${agent.did}`, await bridges.iam.bearer(agent.did));
    expect(await code(await asked)).toBe('SCOPE_MISSING');
  });

  it('without a Redis user that may make users / the bridge says so, and how it is turned on', async () => {
    const refusal = { code: 'BRIDGE_UNAVAILABLE' };
    await expect(new RedisUsers(bridges.operator).requireRights()).rejects.toMatchObject(refusal);
    const ports = {
      directory: new Directory(),
      feed: { append: () => Promise.resolve() },
      clock: systemClock,
    };
    const list = bridgeHandlers({ ...ports, bridge: undefined })['bridge.list'];
    const context: OperationContext = {
      ...{ operation: 'bridge.list', principal: administrator(), commandId: null, minPosition: {} },
      ...{ conversation: null, traceparent: null, address: null },
    };
    await expect(list({ limit: 10 }, context)).rejects.toMatchObject(refusal);
    expect(errorDefinition('BRIDGE_UNAVAILABLE').fix).toContain('CONCORDAT_BRIDGE=on');
  });

  it('a Redis that restarts and forgets its users / is told of them again', async () => {
    const [ada, bob] = [await bridges.bridged(), await bridges.bridged()];
    await bridges.bench.redis.durable.kill9();
    await bridges.bench.redis.durable.whenReady();
    const [again, there] = await eventually(() =>
      Promise.all([bridges.connect(ada.bridge), bridges.connect(bob.bridge)]),
    );
    await again.send(text(bob.bridge.did, 'again'));
    expect(await there.receive()).toMatchObject({ payload: '"again"' });
  });
});
