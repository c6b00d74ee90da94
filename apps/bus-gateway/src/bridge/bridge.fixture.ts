import type { Delivery, OperationOutput } from '@concordat/contracts';
import { feedSource, streamKeys } from '@concordat/streams';
import { eventually, newAgent, startBench, type TestAgent } from '@concordat/testing';
import Redis from 'ioredis';
import { startGateway } from '../gateway.fixture';
import { startIamDouble } from '../iam-double.fixture';
import { agentGroup } from './bridge-store';

type Put = OperationOutput<'bridge.put'>;
type Entry = [id: string, fields: string[]];

const toRecord = (flat: readonly string[]): Record<string, string> =>
  Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1]!]] : [])));

/** An agent that knows Redis and nothing else. */
export class RawAgent {
  readonly redis: Redis;

  constructor(
    readonly bridge: Put,
    url: string,
  ) {
    const { host } = new URL(url);
    this.redis = new Redis(`redis://${bridge.user}:${bridge.password}@${host}`, {
      ...{ enableReadyCheck: false, maxRetriesPerRequest: 0, retryStrategy: () => null, lazyConnect: true },
    });
    this.redis.on('error', () => undefined);
  }

  send(fields: Record<string, string>): Promise<string | null> {
    return this.redis.xadd(this.bridge.inStream, '*', ...Object.entries(fields).flat());
  }

  /** The next entry, acknowledged. */
  async receive(): Promise<Record<string, string>> {
    const { outStream } = this.bridge;
    const args = ['GROUP', agentGroup, 'me', 'COUNT', 1, 'BLOCK', 10_000, 'STREAMS', outStream, '>'] as const;
    const [[, [entry]]] = (await this.redis.xreadgroup(...args)) as [[string, [Entry]]];
    await this.redis.xack(outStream, agentGroup, entry[0]);
    return toRecord(entry[1]);
  }
}

/** As agents are used to write. */
export const text = (to: string, payload: unknown = { n: 1 }, type = 'COMMAND') => ({
  ...{ target: to, type, payload: JSON.stringify(payload), status: 'pending' },
});

export type BridgeBench = Awaited<ReturnType<typeof startBridgeBench>>;

/** Two gateways with a bridge, over a real Redis whose users are real: for specs only. */
export async function startBridgeBench() {
  const bench = await startBench({ bridge: true });
  const { url, bridgeUrl: bridgeRedisUrl } = bench.redis.durable;
  const operator = new Redis(url);
  const iam = await startIamDouble(bench);
  const start = (name: string) => startGateway(bench, name, { bridgeRedisUrl });
  const gateways = await Promise.all(['bus-1', 'bus-2'].map(start));
  await Promise.all(gateways.map((gateway) => gateway.whenFresh()));
  const { authorization: admin } = await iam.createApiKey(['admin']);
  const agents: RawAgent[] = [];

  const ask = (method: string, path: string, authorization = admin, headers = {}, body?: object) =>
    fetch(`${gateways[0]!.url}/v1${path}`, {
      ...{
        method,
        headers: { authorization, ...headers, ...(body && { 'content-type': 'application/json' }) },
      },
      ...(body && { body: JSON.stringify(body) }),
    });
  const connect = async (put: Put): Promise<RawAgent> => {
    const agent = new RawAgent(put, url);
    agents.push(agent);
    await agent.redis.connect();
    // Before the answer nobody knows whether Redis let it in.
    await agent.redis.ping();
    return agent;
  };
  return {
    ...{ bench, iam, operator, gateways, start, admin, ask, connect },
    /** Registers an agent, and lets it speak Redis. */
    bridged: async (known: TestAgent = newAgent()): Promise<RawAgent> => {
      await iam.register(known);
      const put = await eventually(async () => {
        const answer = await ask('PUT', `/bridges/${known.did}`);
        expect(answer.status).toBe(200);
        return (await answer.json()) as Put;
      });
      return connect(put);
    },
    /** What the audit feed of the gateways tells. */
    events: async (type: string): Promise<{ actor: string; data: unknown }[]> => {
      const entries = await operator.xrange(streamKeys.events(feedSource('bus')), '-', '+');
      return entries
        .map(([, fields]) => toRecord(fields))
        .filter(({ ce_type: found }) => found === type)
        .map(({ actor, data }) => ({ actor: actor!, data: JSON.parse(data!) as unknown }));
    },
    inbox: async (did: string): Promise<Delivery[]> => {
      const answer = await ask('GET', '/inbox?waitSeconds=1&count=100', await iam.bearer(did));
      return ((await answer.json()) as { items: Delivery[] }).items;
    },
    /** Resolves when everything that the agent has written was taken. */
    isTaken: ({ bridge }: RawAgent): Promise<void> =>
      eventually(async () => expect(await operator.xlen(bridge.inStream)).toBe(0)),
    stop: async (): Promise<void> => {
      for (const { redis } of agents) redis.disconnect();
      operator.disconnect();
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      await iam.stop();
      await bench.stop();
    },
  };
}
