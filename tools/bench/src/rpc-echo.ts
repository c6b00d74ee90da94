import { blockingConnection, commandConnection, RpcServer, whenReady } from '@concordat/streams';
import { type Bench, closedLoop, startBench, startCaller } from '@concordat/testing';
import { type BenchResult, result } from './report';
import { summaryOf } from './summary-of';

const concurrency = 32;

/** Requests and replies as gateway and services exchange them, sealed, over a Redis that stores nothing, with no handler. */
export async function rpcEcho(seconds: number): Promise<BenchResult[]> {
  const bench = await startBench();
  const server = await startEcho(bench);
  const caller = await startCaller(bench);
  try {
    const outcome = await closedLoop({
      ...{ concurrency, seconds, warmUpSeconds: Math.min(1, seconds / 2) },
      send: () =>
        caller.call('agent.get', { did: 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp' }),
    });
    const { samples, p50, p99 } = summaryOf('request/reply', outcome);
    return [
      result('rpc.echo.per_s', (samples * 1_000) / outcome.elapsedMs, '1/s', {
        ...{ loop: 'closed', concurrency, samples, failures: outcome.failures, p50Ms: p50, p99Ms: p99 },
        what: 'sealed request and sealed reply of a handler that does nothing; client and server in one process, no HTTP, no guard, nothing stored',
      }),
    ];
  } finally {
    await caller.stop();
    await server.stop();
    await bench.stop();
  }
}

async function startEcho(bench: Bench): Promise<{ stop(): Promise<void> }> {
  const { url } = bench.redis.rpc;
  const commands = commandConnection({ url, name: 'echo' });
  const blocking = blockingConnection({ url, name: 'echo-reader' });
  await Promise.all([whenReady(commands, 5_000), whenReady(blocking, 5_000)]);
  const server = new RpcServer({
    ...{
      commands,
      blocking,
      service: 'iam',
      instance: 'iam-1',
      signer: bench.signers.iam,
      peers: bench.peers,
    },
    handle: async ({ input }) => ({ output: input, position: null }),
    nowMs: Date.now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    onError: () => undefined,
  });
  server.start();
  return {
    stop: async () => {
      await server.stop();
      commands.disconnect();
      blocking.disconnect();
    },
  };
}
