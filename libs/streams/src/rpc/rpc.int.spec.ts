import { ConcordatError, origin, type Principal, type Service } from '@concordat/contracts';
import { type AlgorithmValue, ed25519Signer, type Signer } from '@concordat/crypto';
import { startRedis } from '@concordat/processes';
import type Redis from 'ioredis';
import { blockingConnection, commandConnection, whenReady } from '../connection';
import { RpcClient } from './client';
import type { RequestFrame } from './frames';
import { type Callers, type RpcResult, RpcServer } from './server';

const signers = Object.fromEntries(
  ['iam', 'bus', 'audit', 'vault'].map((name, i) => [name, ed25519Signer(new Uint8Array(32).fill(i + 1))]),
) as Record<Service, Signer>;
const peers = Object.fromEntries(
  Object.entries(signers).map(([name, { publicKeys }]) => [name, publicKeys]),
) as Record<Service, readonly AlgorithmValue[]>;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const principal: Principal = { kind: 'apiKey', tenant: 't1', id: 'k', scopes: ['read'] };

describe('sealed request/reply over a real Redis', () => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  const open: (() => Promise<void>)[] = [];
  let starts = 0;

  beforeAll(async () => {
    redis = await startRedis({ flavour: 'volatile' });
  });
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });
  afterAll(() => redis.stop());

  const connections = async (name: string): Promise<{ commands: Redis; blocking: Redis }> => {
    const pair = {
      commands: commandConnection({ url: redis.url, name }),
      blocking: blockingConnection({ url: redis.url, name }),
    };
    await Promise.all(Object.values(pair).map((connection) => whenReady(connection, 5_000)));
    return pair;
  };

  async function server(
    handle: (request: RequestFrame) => Promise<RpcResult>,
    signer = signers.iam,
    instance = 'iam-1',
    callers: Callers = {},
  ) {
    const pair = await connections('server');
    const made = new RpcServer({
      ...pair,
      service: 'iam',
      instance,
      signer,
      peers,
      handle,
      callers,
      nowMs: Date.now,
      sleep,
      onError: () => {},
    });
    made.start();
    const stop = async (): Promise<void> => {
      await made.stop();
      pair.commands.disconnect();
    };
    open.push(stop);
    return { stop, crash: () => Object.values(pair).forEach((connection) => connection.disconnect()) };
  }

  async function client(signer = signers.bus, caller: Service = 'bus') {
    const pair = await connections('client');
    const made = new RpcClient({
      ...pair,
      caller,
      instance: 'bus-1',
      startedAtMs: ++starts,
      signer,
      peers,
      nowMs: Date.now,
      onError: () => {},
    });
    made.start();
    open.push(async () => {
      await made.stop();
      pair.commands.disconnect();
    });
    const call = (input: unknown, commandId: string | null = null, operation = 'test.echo') =>
      made.call({
        service: 'iam',
        operation,
        commandId,
        principal,
        minPosition: {},
        judgedAt: origin,
        address: null,
        conversation: null,
        traceparent: null,
        input,
      });
    return { call, commands: pair.commands };
  }

  const echo = async (request: RequestFrame): Promise<RpcResult> => ({
    output: request.input,
    position: { epoch: 1, position: 2 },
  });

  it('a service that is not the gateway / is answered what it was given, and nothing else', async () => {
    await server(echo, signers.iam, 'iam-1', { vault: ['test.echo'] });
    const vault = await client(signers.vault, 'vault');
    expect((await vault.call({ i: 1 })).output).toEqual({ i: 1 });
    const refused = { code: 'ROUTE_UNKNOWN' };
    await expect(vault.call({}, null, 'apiKey.create')).rejects.toMatchObject(refused);
    await expect(vault.call({}, null, 'constructor')).rejects.toMatchObject(refused);
    // Not in the list at all: its first frame begins no session, so it hears nothing.
    const audit = await client(signers.audit, 'audit');
    await expect(audit.call({})).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });

  it('answers many concurrent requests, each with its own answer', async () => {
    await server(echo);
    const { call } = await client();
    const answers = await Promise.all(Array.from({ length: 500 }, (_, i) => call({ i })));
    expect(answers.map(({ output }) => (output as { i: number }).i)).toEqual(
      Array.from({ length: 500 }, (_, i) => i),
    );
    expect(answers[0]!.position).toEqual({ epoch: 1, position: 2 });
  });

  it('carries refusals with code, detail and fields, and hides what was not meant to be seen', async () => {
    await server(async ({ input }) => {
      if (input === 'ours')
        throw new ConcordatError('AGENT_UNKNOWN', 'no such agent', {
          errors: [{ pointer: '/did', message: 'm' }],
        });
      throw new Error('secret detail');
    });
    const { call } = await client();
    await expect(call('ours')).rejects.toMatchObject({
      code: 'AGENT_UNKNOWN',
      detail: 'no such agent',
      errors: [{ pointer: '/did' }],
    });
    const failure: unknown = await call('theirs').catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'INTERNAL' });
    expect(JSON.stringify(failure)).not.toContain('secret detail');
  });

  it('fails within two seconds when nobody answers', async () => {
    const { call } = await client();
    const begun = performance.now();
    await expect(call(1)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it('goes on when the service was killed and came back with other keys', async () => {
    const first = await server(echo);
    const { call } = await client();
    await call('before');
    first.crash();
    const during = call('during');
    await server(echo);
    expect((await during).output).toBe('during');
    expect((await call('after')).output).toBe('after');
  });

  it('goes on when Redis was killed and came back empty', async () => {
    await server(echo);
    const { call } = await client();
    await call('before');
    await redis.kill9();
    await redis.whenReady();
    expect((await call('after')).output).toBe('after');
  });

  it('carries out a request once that is sent again while it runs', async () => {
    let runs = 0;
    await server(async () => {
      runs++;
      await sleep(1_000);
      return { output: runs, position: null };
    });
    const { call } = await client();
    expect((await call(1)).output).toBe(1);
    expect(runs).toBe(1);
  });

  it('puts nothing readable into Redis', async () => {
    await server(echo);
    const { call, commands } = await client();
    const watcher = commands.duplicate();
    const monitor = await watcher.monitor();
    const traffic: string[] = [];
    monitor.on('monitor', (_time: string, args: string[]) => traffic.push(JSON.stringify(args)));
    await call({ canary: 'CANARY-4711' });
    monitor.disconnect();
    watcher.disconnect();
    expect(traffic.join('\n')).toContain('evalsha');
    expect(traffic.join('\n')).not.toContain('CANARY-4711');
    expect(traffic.join('\n')).not.toContain(Buffer.from('CANARY-4711').toString('base64').slice(2, 12));
  });

  it('does not answer a caller that is not the gateway, nor talk to an impostor of the service', async () => {
    let runs = 0;
    await server(async (request) => {
      runs++;
      return echo(request);
    });
    const vault = await client(signers.vault, 'vault');
    const forger = await client(signers.vault, 'bus');
    await expect(vault.call(1)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await expect(forger.call(1)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(runs).toBe(0);
  });

  it('does not believe an offer by another identity', async () => {
    let runs = 0;
    await server(
      async (request) => {
        runs++;
        return echo(request);
      },
      signers.vault,
      'iam-impostor',
    );
    const { call } = await client();
    await expect(call(1)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(runs).toBe(0);
  });

  it('carries out nothing twice when its recorded frames are played again', async () => {
    let runs = 0;
    await server(async (request) => {
      runs++;
      return echo(request);
    });
    const { call, commands } = await client();
    const recorded: { key: string; fields: Buffer[] }[] = [];
    const evalsha = commands.evalsha.bind(commands) as (...args: unknown[]) => Promise<unknown>;
    Object.assign(commands, {
      // sha, number of keys, key, length limit, lifetime, fields …
      evalsha: (...args: [string, number, string, number, number, ...Buffer[]]) => {
        recorded.push({ key: args[2], fields: args.slice(5) as Buffer[] });
        return evalsha(...args);
      },
    });
    await call('first');
    await call('second');
    expect(runs).toBe(2);
    expect(recorded).toHaveLength(2);
    for (const { key, fields } of recorded) await commands.xadd(key, '*', ...fields);
    await call('third');
    expect(runs).toBe(3);
  });
});
