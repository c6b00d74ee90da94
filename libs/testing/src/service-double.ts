import type { Service } from '@concordat/contracts';
import { sleep } from '@concordat/runtime';
import {
  blockingConnection,
  commandConnection,
  type RequestFrame,
  RpcServer,
  whenReady,
} from '@concordat/streams';
import type { Bench } from './bench';

/** Stands in for a service behind the gateway in specs: sealed requests and answers over the real Redis. */
export async function startServiceDouble(
  bench: Bench,
  service: Service,
  handle: (
    request: RequestFrame,
  ) => Promise<{ output: unknown; position: null | { epoch: number; position: number } }>,
): Promise<{ stop(): Promise<void> }> {
  const { url } = bench.redis.rpc;
  const commands = commandConnection({ url, name: service });
  const blocking = blockingConnection({ url, name: service });
  await Promise.all([commands, blocking].map((connection) => whenReady(connection, 5_000)));
  const server = new RpcServer({
    ...{
      commands,
      blocking,
      service,
      handle,
      sleep,
      instance: `${service}-1`,
      signer: bench.signers[service],
    },
    ...{ callers: { vault: ['directory.snapshot'], audit: ['directory.snapshot'] } },
    ...{ peers: bench.peers, nowMs: Date.now, onError: () => undefined },
  });
  server.start();
  return {
    stop: async () => {
      await server.stop();
      commands.disconnect();
    },
  };
}
