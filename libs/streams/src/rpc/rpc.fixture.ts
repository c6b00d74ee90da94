import { origin, type Principal, type Service } from '@concordat/contracts';
import { type AlgorithmValue, ed25519Signer, type Signer } from '@concordat/crypto';
import { blockingConnection, commandConnection } from '../connection';
import { type RedisConnection, whenReady } from '../redis-connection';
import { type RpcAnswer, RpcClient } from './client';
import type { RequestFrame } from './frames';
import { type Callers, type RpcResult, RpcServer } from './server';

export const signers = Object.fromEntries(
  ['iam', 'bus', 'audit', 'vault'].map((name, i) => [name, ed25519Signer(new Uint8Array(32).fill(i + 1))]),
) as Record<Service, Signer>;
const peers = Object.fromEntries(
  Object.entries(signers).map(([name, { publicKeys }]) => [name, publicKeys]),
) as Record<Service, readonly AlgorithmValue[]>;
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const principal: Principal = { kind: 'apiKey', tenant: 't1', id: 'k', scopes: ['read'] };

export const echo = async (request: RequestFrame): Promise<RpcResult> => ({
  output: request.input,
  position: { epoch: 1, position: 2 },
});

const callThrough =
  (client: RpcClient) =>
  (input: unknown, commandId: string | null = null, operation = 'test.echo'): Promise<RpcAnswer> =>
    client.call({
      ...{ service: 'iam', operation, commandId, principal, minPosition: {}, judgedAt: origin },
      ...{ address: null, conversation: null, traceparent: null, input },
    });

/** Callers and called over a real Redis, for specs; `close` ends what was opened since the last time. */
export function rpcBench(url: () => string) {
  const open: (() => Promise<void>)[] = [];
  let starts = 0;
  const close = async (): Promise<void> => {
    for (const end of open.splice(0).reverse()) await end();
  };

  const connections = async (
    name: string,
  ): Promise<{ commands: RedisConnection; blocking: RedisConnection }> => {
    const pair = {
      commands: commandConnection({ url: url(), name }),
      blocking: blockingConnection({ url: url(), name }),
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
      onError: () => undefined,
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
      onError: () => undefined,
    });
    made.start();
    open.push(async () => {
      await made.stop();
      pair.commands.disconnect();
    });
    return { call: callThrough(made), commands: pair.commands };
  }
  return { server, client, close };
}
