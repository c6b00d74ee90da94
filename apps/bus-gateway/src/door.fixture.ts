import {
  ConcordatError,
  isErrorCode,
  problem,
  type Problem,
  problemType,
  errorDefinition,
} from '@concordat/contracts';
import { type Bench, newAgent, startBench, startServiceDouble, type TestAgent } from '@concordat/testing';
import { commandNode, whenReady } from '@concordat/streams';
import { createConnection, type Socket } from 'node:net';
import type { GatewayConfig } from './config';
import { type RunningGateway, startGateway } from './gateway.fixture';
import { type GrpcCaller, openGrpc } from './grpc.fixture';
import { type IamDouble, startIamDouble } from './iam-double.fixture';

/** A gateway with stand-ins for all services behind it, and callers of every kind: for specs of the doors only. */
export interface DoorBench {
  readonly bench: Bench;
  readonly iam: IamDouble;
  readonly gateway: RunningGateway;
  readonly agent: TestAgent;
  /** `Authorization` of an agent, of an API key that may do everything, and of nobody. */
  readonly authorization: Readonly<Record<'agent' | 'admin' | 'garbage', string>>;
  stop(): Promise<void>;
}

type Handle = Parameters<typeof startServiceDouble>[2];
const nothing: Handle = () => Promise.reject(new ConcordatError('NOT_FOUND'));

/** @param audit what audit-service answers */
export async function startDoorBench(audit: Handle = nothing): Promise<DoorBench> {
  const bench = await startBench();
  const gateway = await startGateway(bench);
  const iam = await startIamDouble(bench);
  const services = [
    await startServiceDouble(bench, 'audit', audit),
    await startServiceDouble(bench, 'vault', nothing),
  ];
  await gateway.whenFresh();
  const agent = newAgent();
  await iam.register(agent);
  const { authorization: admin } = await iam.createApiKey(['admin']);
  return {
    ...{ bench, iam, gateway, agent },
    authorization: { agent: await iam.bearer(agent.did), admin, garbage: 'Bearer garbage' },
    stop: async () => {
      await gateway.stop();
      await Promise.all([iam, ...services].map((service) => service.stop()));
      await bench.stop();
    },
  };
}

export type BothDoors = DoorBench & { readonly grpc: GrpcCaller };

/** The same, with a caller over gRPC. */
export async function startBothDoors(): Promise<BothDoors> {
  const doors = await startDoorBench();
  const grpc = openGrpc(doors.gateway.grpcAddress);
  const stop = async (): Promise<void> => {
    grpc.close();
    await doors.stop();
  };
  return { ...doors, grpc, stop };
}

export type TwoGateways = DoorBench & {
  readonly second: RunningGateway;
  /** The durable Redis, straight. */
  readonly redis: ReturnType<typeof commandNode>;
};

/** The same, with another gateway beside it. @param over settings of the other one */
export async function startTwoGateways(over: Partial<GatewayConfig> = {}): Promise<TwoGateways> {
  const doors = await startDoorBench();
  const second = await startGateway(doors.bench, 'bus-2', over);
  const redis = commandNode({ url: doors.bench.redis.durable.url, name: 'spec' });
  await Promise.all([whenReady(redis, 5_000), second.whenFresh()]);
  const stop = async (): Promise<void> => {
    redis.disconnect();
    await second.stop();
    await doors.stop();
  };
  return { ...doors, second, redis, stop };
}

/** Checks that an answer is a problem as RFC 9457 and the catalogue say. @returns it */
export async function problemOf(answer: Response): Promise<Problem> {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  const found = problem.strict().parse(await answer.json());
  expect(isErrorCode(found.code)).toBe(true);
  const { status, title, fix } = errorDefinition(found.code as 'INTERNAL');
  expect(found).toMatchObject({ status, title, fix, type: problemType(found.code) });
  expect(answer.status).toBe(status);
  expect(found.traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  return found;
}

/** An HTTP answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export const openSocket = (url: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = createConnection({ host: hostname, port: Number(port) }, () => resolve(socket));
    socket.once('error', reject);
  });

/** Sends bytes as they are, and reads until the gateway closes the connection. `undefined`: closed without an answer. */
export async function sendRaw(
  url: string,
  ...bytes: (string | Uint8Array)[]
): Promise<RawAnswer | undefined> {
  const socket = await openSocket(url);
  const chunks: Buffer[] = [];
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  for (const part of bytes) socket.write(part);
  await closed;
  return parseAnswer(Buffer.concat(chunks).toString('latin1'));
}

export function parseAnswer(text: string): RawAnswer | undefined {
  const end = text.indexOf('\r\n\r\n');
  const [first, ...lines] = text.slice(0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first ?? '')?.[1]);
  if (end < 0 || Number.isNaN(status)) return undefined;
  const headers = new Headers(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
  return { status, headers, body: text.slice(end + 4) };
}
