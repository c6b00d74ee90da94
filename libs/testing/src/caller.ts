import {
  type ChunkedName,
  type OperationName,
  origin,
  operations,
  type OperationOutput,
  type OperationRequest,
  type Position,
  type Positions,
  type Principal,
  type Service,
} from '@concordat/contracts';
import type { Chunk } from '@concordat/runtime';
import { blockingConnection, commandConnection, RpcClient, whenReady } from '@concordat/streams';
import { administrator, type Bench } from './bench';

export interface CallOptions {
  readonly principal?: Principal;
  readonly commandId?: string;
  readonly minPosition?: Positions;
  readonly judgedAt?: Position;
  readonly address?: string;
  readonly conversation?: string;
  readonly traceparent?: string;
  /** False: the first answer counts, also when it says "not now". */
  readonly isPatient?: boolean;
}

/** Speaks to a service as the gateway does: sealed, over a real Redis. */
export interface Caller {
  call<N extends OperationName>(
    operation: N,
    input: OperationRequest<N>,
    options?: CallOptions,
  ): Promise<{ output: OperationOutput<N>; position: Position | null }>;
  /** The next items of a stream of the service. @param place `next` of the chunk before; null: the stream begins */
  chunk<N extends ChunkedName>(
    operation: N,
    input: OperationRequest<N>,
    place: string | null,
    options?: CallOptions,
  ): Promise<Chunk<OperationOutput<N>>>;
  stop(): Promise<void>;
}

let starts = 0;
/** What a gateway promises its callers is tested where a gateway runs; a busy machine is no failure of a service. */
const patientMs = 15_000;
const notNow = ['SERVICE_UNAVAILABLE', 'POSITION_NOT_REACHED'];

/** Asks again, as a caller would who was told "not now": a command under the same id, so with one effect. */
async function patiently<T>(ask: () => Promise<T>, onRefused: (code: string) => void): Promise<T> {
  const end = performance.now() + patientMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const { code = '' } = error as { code?: string };
      if (!notNow.includes(code) || performance.now() > end) throw error;
      onRefused(code);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

export async function startCaller(bench: Bench, instance = 'bus-1'): Promise<Caller> {
  const commands = commandConnection({ url: bench.redis.rpc.url, name: `${instance}-test` });
  const blocking = blockingConnection({ url: bench.redis.rpc.url, name: `${instance}-test-reader` });
  await Promise.all([whenReady(commands, 5_000), whenReady(blocking, 5_000)]);
  const client = new RpcClient({
    commands,
    blocking,
    caller: 'bus',
    instance,
    startedAtMs: Date.now() + ++starts,
    signer: bench.signers.bus,
    peers: bench.peers,
    nowMs: Date.now,
    onError: () => undefined,
  });
  client.start();
  let calls = 0;
  const refused: string[] = [];
  const ask = (operation: OperationName, input: unknown, options: CallOptions = {}) => {
    const { service, kind } = operations[operation];
    const commandId = options.commandId ?? (kind === 'command' ? `test-${starts}-${++calls}` : null);
    const request = {
      service: service as Service,
      operation,
      input,
      commandId,
      principal: options.principal ?? administrator(),
      minPosition: options.minPosition ?? {},
      judgedAt: options.judgedAt ?? origin,
      address: options.address ?? null,
      conversation: options.conversation ?? null,
      traceparent: options.traceparent ?? null,
    };
    if (options.isPatient === false) return client.call(request);
    return patiently(
      () => client.call(request, patientMs),
      (code) => refused.push(`${operation} ${code}`),
    );
  };
  return {
    async call(operation, input, options) {
      const { output, position } = await ask(operation, input, options);
      return { output: output as OperationOutput<typeof operation>, position };
    },
    async chunk(operation, input, place, options) {
      const { output } = await ask(operation, { input, place }, options);
      return output as Chunk<OperationOutput<typeof operation>>;
    },
    stop: async () => {
      // Where nothing was disturbed, and the machine was not busy, this is worth a look.
      if (refused.length > 0)
        process.stdout.write(`told "not now" ${refused.length} times: ${[...new Set(refused)].join(', ')}\n`);
      await client.stop();
      commands.disconnect();
    },
  };
}
