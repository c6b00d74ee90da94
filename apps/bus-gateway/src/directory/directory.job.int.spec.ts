import { AgentRegistered, chainParts, type EventEnvelope, origin, type Position } from '@concordat/contracts';
import { chainHash, chainHeadBytes, ed25519Signer, fromBase64url, toBase64url } from '@concordat/crypto';
import { commandNode, ControlLanePublisher, streamKeys, whenReady } from '@concordat/streams';
import { type Bench, eventually, newAgent, startBench, type TestAgent } from '@concordat/testing';
import type Redis from 'ioredis';
import { type RunningGateway, startGateway } from '../gateway.fixture';
import { type IamDouble, type PublishOptions, startIamDouble } from '../iam-double.fixture';
import { Directory, Freshness } from '@concordat/directory';

describe('the directory of a gateway', () => {
  let bench: Bench;
  let iam: IamDouble;
  let gateway: RunningGateway;
  const connections: Redis[] = [];
  const connect = async (url: string): Promise<Redis> => {
    const made = commandNode({ url, name: 'spec' });
    connections.push(made);
    await whenReady(made, 5_000);
    return made;
  };

  beforeAll(async () => {
    bench = await startBench();
    gateway = await startGateway(bench);
    iam = await startIamDouble(bench);
    await gateway.whenFresh();
  });
  afterEach(async () => {
    iam.startBeating();
    await gateway.whenFresh();
  });
  afterAll(async () => {
    for (const connection of connections) connection.disconnect();
    await gateway.stop();
    await iam.stop();
    await bench.stop();
  });

  const ask = async (authorization: string, path = '/v1/auth/whoami'): Promise<string> => {
    const answer = await fetch(gateway.url + path, { headers: { authorization } });
    const body = (await answer.json()) as { id?: string; code?: string };
    return body.code ?? body.id!;
  };
  const admitted = async (options?: PublishOptions): Promise<TestAgent & { authorization: string }> => {
    const agent = newAgent();
    const position = await iam.register(agent, options);
    return { ...agent, authorization: await iam.bearer(agent.did, { position }) };
  };

  it('knows an agent as soon as a token names the position of its registration', async () => {
    for (let round = 0; round < 20; round++) {
      const agent = await admitted();
      expect(await ask(agent.authorization)).toBe(agent.did);
    }
  });

  it('loses an agent through the control lane alone, long before the event stream brings it', async () => {
    const agents = await Promise.all(Array.from({ length: 100 }, () => admitted()));
    const elapsed: number[] = [];
    for (const { did, authorization } of agents) {
      expect(await ask(authorization)).toBe(did);
      const begun = performance.now();
      await iam.revoke(did, { toStream: false });
      await eventually(async () => expect(await ask(authorization)).toBe('CREDENTIAL_INVALID'));
      elapsed.push(performance.now() - begun);
    }
    elapsed.sort((a, b) => a - b);
    const [p50, p99] = [elapsed[49]!, elapsed[98]!].map((ms) => ms.toFixed(1));
    process.stdout.write(
      `100 revocations until the door refuses: p50 ${p50} ms, p99 ${p99} ms (idle gateway, `,
    );
    process.stdout.write('asked over HTTP every 20 ms, both Redis on the same machine)\n');
    await iam.catchUp();
    for (const { authorization } of agents) expect(await ask(authorization)).toBe('CREDENTIAL_INVALID');
  });

  it('loses an API key, and an agent that is erased, the same way', async () => {
    const key = await iam.createApiKey(['read']);
    const agent = await admitted();
    await eventually(async () => expect(await ask(key.authorization)).toBe(key.id));
    await iam.revokeApiKey(key.id, { toStream: false });
    await iam.erase(agent.did, { toStream: false });
    for (const { authorization } of [key, agent])
      await eventually(async () => expect(await ask(authorization)).toBe('CREDENTIAL_INVALID'));
    await iam.catchUp();
  });

  it('is not believed when heartbeats stop, and is again when they come back', async () => {
    const agent = await admitted();
    expect(await ask(agent.authorization)).toBe(agent.did);
    iam.stopBeating();
    await eventually(async () => expect(await ask(agent.authorization)).toBe('DIRECTORY_STALE'));
    const ready = await fetch(`${gateway.url}/health/ready`);
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('no heartbeat')]);
    iam.startBeating();
    await eventually(async () => expect(await ask(agent.authorization)).toBe(agent.did));
  });

  it('is not believed with a hole in the control lane, until the event stream has filled it', async () => {
    const agent = await admitted();
    const unseen = await admitted({ toStream: false });
    await iam.revoke(agent.did, { toStream: false, toLane: false });
    iam.restartLane();
    await iam.beat();
    await eventually(async () => expect(await ask(agent.authorization)).toBe('DIRECTORY_STALE'));
    expect(gateway.app.get(Freshness).staleness).toBe('the control lane has a hole');
    await iam.catchUp();
    await eventually(async () => expect(await ask(agent.authorization)).toBe('CREDENTIAL_INVALID'));
    expect(await ask(unseen.authorization)).toBe(unseen.did);
  });

  it('starts again from a snapshot when the event stream has a gap', async () => {
    const missed = await admitted();
    await iam.revoke(missed.did, { toStream: false, toLane: false });
    const unseen = newAgent();
    await iam.register(unseen, { toStream: false });
    // The stream was trimmed past what the gateway has read.
    await forge(await history(2), bench.signers.iam);
    await eventually(async () => expect(await ask(await iam.bearer(unseen.did))).toBe(unseen.did));
    expect(await ask(missed.authorization)).toBe('CREDENTIAL_INVALID');
    await emptyAndRefill();
    const later = await admitted();
    expect(await ask(later.authorization)).toBe(later.did);
  });

  it('goes on when the Redis of the events came back empty and was filled again', async () => {
    const before = await admitted();
    await emptyAndRefill();
    const after = await admitted();
    expect(await ask(before.authorization)).toBe(before.did);
    expect(await ask(after.authorization)).toBe(after.did);
  });

  it('goes on when the Redis of the control lane was killed and is empty', async () => {
    const agent = await admitted();
    await bench.redis.rpc.kill9();
    await eventually(() => iam.beat());
    await eventually(async () => expect(await ask(agent.authorization)).toBe(agent.did));
    await iam.revoke(agent.did);
    await eventually(async () => expect(await ask(agent.authorization)).toBe('CREDENTIAL_INVALID'));
  });

  it('still loses an agent while the Redis of the events is frozen', async () => {
    const [agent, other] = [await admitted(), await admitted()];
    bench.redis.durable.suspend();
    try {
      await iam.revoke(agent.did, { toStream: false });
      const directory = gateway.app.get(Directory);
      await eventually(() => expect(directory.agent('default', agent.did)?.status).toBe('revoked'));
      expect(await ask(other.authorization)).toBe(other.did);
      // A refusal that cannot be audited is not answered as one (and this operation has refused nobody lately).
      expect(await ask(agent.authorization, '/v1/agents')).toBe('SERVICE_UNAVAILABLE');
    } finally {
      bench.redis.durable.resume();
    }
    await eventually(async () => expect(await ask(agent.authorization)).toBe('CREDENTIAL_INVALID'));
    await iam.catchUp();
  });

  it('does not believe a forged or repeated heartbeat', async () => {
    const agent = await admitted();
    const redis = await connect(bench.redis.rpc.url);
    iam.stopBeating();
    await eventually(async () => expect(await ask(agent.authorization)).toBe('DIRECTORY_STALE'));
    const common = { redis, service: 'iam' as const, startedAtMs: Date.now() + 1_000_000, nowMs: Date.now };
    const forger = new ControlLanePublisher({
      ...common,
      signer: ed25519Signer(new Uint8Array(32).fill(99)),
    });
    const [[, last]] = (await redis.xrevrange(streamKeys.control('iam'), '+', '-', 'COUNT', 1)) as [
      [string, string[]],
    ];
    for (let round = 0; round < 20; round++) {
      await forger.publish(iam.head, null);
      await redis.xadd(streamKeys.control('iam'), '*', ...last);
      await redis.xadd(streamKeys.control('iam'), '*', 'body', '{}', 'nonsense', 'x');
    }
    expect(await ask(agent.authorization)).toBe('DIRECTORY_STALE');
  });

  // The last one: the forged entry stays in the stream, and with it every gateway stands before it.
  it('does not believe a forged event, and goes on losing agents through the control lane', async () => {
    const [impostor, agent] = [newAgent(), await admitted()];
    expect(await ask(agent.authorization)).toBe(agent.did);
    await forge(await history(1, impostor), ed25519Signer(new Uint8Array(32).fill(99)));
    await eventually(() =>
      expect(gateway.log.join()).toContain('the signature is not by the pinned identity'),
    );
    expect(gateway.app.get(Directory).agent('default', impostor.did)).toBeUndefined();
    await iam.revoke(agent.did, { toStream: false });
    await eventually(async () => expect(await ask(agent.authorization)).toBe('CREDENTIAL_INVALID'));
  });

  /** An entry that continues the stream, `skipped` positions after its end. */
  async function history(skipped: number, agent = newAgent()): Promise<EventEnvelope> {
    const head = (await iam.log.head('iam'))!;
    const at: Position = { epoch: head.at.epoch, position: head.at.position + skipped };
    const prev = skipped === 1 ? head.at : { ...at, position: at.position - 1 };
    const publicKeys = [{ alg: 'Ed25519', kid: 'k', value: toBase64url(agent.publicKey) }];
    const data = JSON.stringify({ did: agent.did, agentType: 'CLAUDE', publicKeys });
    const facts = {
      id: `iam:${at.epoch}:${at.position}`,
      type: AgentRegistered.type,
      source: '/concordat/iam',
    };
    const unchained = {
      ...{ ...facts, at, prev, data, subject: agent.did, time: new Date().toISOString(), tenant: 'default' },
      ...{ actor: 'anonymous', stream: 's', version: 1, correlation: null, traceparent: null },
    };
    const hash = toBase64url(chainHash(fromBase64url(head.hash)!, ...chainParts(unchained)));
    return { ...unchained, prevHash: head.hash, hash, signatures: [] };
  }

  async function forge(entry: EventEnvelope, signer: ReturnType<typeof ed25519Signer>): Promise<void> {
    const signatures = await signer.sign(
      chainHeadBytes('iam', `${entry.at.epoch}-${entry.at.position}`, entry.hash!),
    );
    await iam.log.append('iam', (await iam.log.head('iam'))!.at, [{ ...entry, signatures }]);
  }

  async function emptyAndRefill(): Promise<void> {
    const redis = await connect(bench.redis.durable.url);
    await redis.flushall();
    await iam.refill();
    expect((await iam.log.head('iam'))?.at ?? origin).toEqual(iam.head);
  }
});
