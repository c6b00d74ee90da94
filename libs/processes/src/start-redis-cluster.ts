import { join } from 'node:path';
import { freePort } from './ports';
import { provideSecret, providePrivateDirectory, writePrivateFile } from './private-files';
import { exchange } from './redis-probe';
import { redisServer } from './redis-server';
import { redisExecutable } from './start-redis';
import { READY_DEADLINE_MS, type StartedServer, startServer } from './start-server';
import { removeTemporaryDirectory, temporaryDirectory } from './temporary-directory';
import { waitUntil } from './wait-until';

/** The smallest cluster that knows a majority. */
const NODES = 3;
const SLOTS = 16_384;

export interface StartedCluster {
  /** `redis+cluster://:<password>@127.0.0.1:<port>,…` */
  readonly url: string;
  /** each owns a third of the slots, in order; killed it comes back with its data */
  readonly nodes: readonly StartedServer[];
  /** Resolves when every node says that the cluster serves. */
  whenReady(): Promise<void>;
  /** Orderly stop; removes the folder. */
  stop(): Promise<void>;
}

/** A private, durable Redis Cluster without replicas, ready to serve. For tests and tools. */
export async function startRedisCluster(): Promise<StartedCluster> {
  const executable = redisExecutable();
  const directory = temporaryDirectory('concordat-redis-cluster-');
  const password = await provideSecret(join(directory, 'password'));
  const nodes: StartedServer[] = [];
  const busPorts: number[] = [];
  const promised = new Set<number>();
  const port = async (): Promise<number> => {
    const found = await freePort(promised);
    promised.add(found);
    return found;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
    removeTemporaryDirectory(directory);
  };
  const whenReady = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.whenReady()));
    await waitUntil(
      async (signal) =>
        void (await Promise.all(nodes.map((node) => assertServes(node.port, password, signal)))),
      { deadlineMs: READY_DEADLINE_MS },
    );
  };
  const startNode = async (index: number): Promise<void> => {
    const home = join(directory, `node-${index}`);
    await providePrivateDirectory(home);
    await writePrivateFile(join(home, 'password'), password);
    const ports = { port: await port(), busPort: await port() };
    const logFile = join(home, 'redis.log');
    const { process, url } = await redisServer({
      ...{ name: `redis cluster ${index}`, flavour: 'durable', directory: home, logFile, executable },
      ...ports,
    });
    const parts = { process, url, port: ports.port, directory: home, cleanUp: () => undefined };
    nodes[index] = await startServer(parts);
    busPorts[index] = ports.busPort;
  };
  try {
    const starts = await Promise.allSettled(Array.from({ length: NODES }, (_, index) => startNode(index)));
    // Only now: a node that was still starting would be left behind.
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
    await joinNodes(nodes, busPorts, password);
    await whenReady();
  } catch (error) {
    await stop();
    throw error;
  }
  const hosts = nodes.map((node) => `127.0.0.1:${node.port}`).join(',');
  return { url: `redis+cluster://:${password}@${hosts}`, nodes, whenReady, stop };
}

/** Gives every node its slots and an epoch of its own, then makes them known to each other. */
async function joinNodes(
  nodes: readonly StartedServer[],
  busPorts: readonly number[],
  password: string,
): Promise<void> {
  const limit = AbortSignal.timeout(READY_DEADLINE_MS);
  const bound = (index: number): number => Math.floor((index * SLOTS) / NODES);
  for (const [index, { port }] of nodes.entries()) {
    const range = [String(bound(index)), String(bound(index + 1) - 1)];
    await ask(port, password, ['CLUSTER', 'ADDSLOTSRANGE', ...range], limit);
    await ask(port, password, ['CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1)], limit);
  }
  for (const [index, { port }] of nodes.entries()) {
    if (index === 0) continue;
    const meet = ['CLUSTER', 'MEET', '127.0.0.1', String(port), String(busPorts[index])];
    await ask(nodes[0]!.port, password, meet, limit);
  }
}

async function assertServes(port: number, password: string, signal: AbortSignal): Promise<void> {
  const info = await ask(port, password, ['CLUSTER', 'INFO'], signal);
  for (const line of ['cluster_state:ok', `cluster_slots_ok:${SLOTS}`, `cluster_known_nodes:${NODES}`]) {
    if (!info.includes(`${line}\r\n`)) throw new Error(`the node at port ${port} does not say ${line} yet`);
  }
}

/** @throws Error: what Redis answered instead */
async function ask(
  port: number,
  password: string,
  command: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const [auth, answer] = await exchange(port, [['AUTH', password], [...command]], signal);
  if (auth !== '+OK' || answer === undefined || answer.startsWith('-'))
    throw new Error(`${command.slice(0, 2).join(' ')} at port ${port}: ${answer ?? auth}`);
  return answer;
}
