import { type EventEnvelope, origin, RequestRefused } from '@concordat/contracts';
import { type StartedCluster, startRedisCluster } from '@concordat/processes';
import { ChainCheck, placeAfter } from '../chain-check';
import { blockingConnection, commandConnection, streamReader } from '../connection';
import { Feed } from '../feed';
import { streamKeys } from '../keys';
import { type RedisConnection, whenReady } from '../redis-connection';
import { fromRedisError } from '../redis-error';
import { RedisEventLog } from '../redis-event-log';
import { moveSlot, nameOn } from './cluster.fixture';
import { slotOf } from './slot-map';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const say = (text: string): void => void process.stdout.write(`${text}\n`);

describe('a cluster under faults', () => {
  let cluster: StartedCluster;
  let redis: RedisConnection;
  let log: RedisEventLog;

  beforeAll(async () => {
    cluster = await startRedisCluster();
    redis = commandConnection({ url: cluster.url, name: 'test' });
    log = new RedisEventLog(redis, blockingConnection({ url: cluster.url, name: 'test-reader' }));
    await whenReady(redis, 5_000);
  });
  afterAll(async () => {
    await log.close();
    await cluster.stop();
  });

  /** Until a command for the key is carried out. The connection comes back on its own; every call before it fails. */
  const untilServed = async (key: string): Promise<void> => {
    while (
      !(await redis.exists(key).then(
        () => true,
        () => false,
      ))
    )
      await sleep(5);
  };
  const codeOf = (error: unknown): string => (fromRedisError(error) as { code: string }).code;

  it('a slot that moves while events are published / what was acknowledged is there, once and in order', async () => {
    const source = nameOn(0, 'moving');
    const feed = new Feed({ redis, source, instance: 'bus-1', startedAtMs: 1, now: () => new Date(), sleep });
    const append = (caller: number): Promise<void> =>
      feed.append({
        ...{ spec: RequestRefused, tenant: 't1', actor: 'anonymous', correlation: null, traceparent: null },
        data: { operation: 'agent.list', code: 'CREDENTIAL_INVALID', caller: String(caller), count: 1 },
      });
    const found: EventEnvelope[] = [];
    const check = new ChainCheck(source, placeAfter(origin), undefined);
    const acknowledged = new Set<string>();
    let failed = 0;
    let isMoved = false;
    let isDone = false;
    const read = async (): Promise<void> => {
      while (
        !isDone ||
        found.length === 0 ||
        found.at(-1)!.at.position < (await log.head(source))!.at.position
      ) {
        const entries = (await log.read([{ source, after: check.after }], 1_000).catch(() => undefined))?.get(
          source,
        );
        const { released, problem } = check.accept(entries ?? []);
        if (problem) throw problem;
        found.push(...released);
      }
    };
    let next = 0;
    const publish = async (): Promise<void> => {
      while (!isMoved) {
        const caller = ++next;
        await append(caller).then(
          () => acknowledged.add(String(caller)),
          () => (failed += 1),
        );
      }
    };
    await append(++next);
    const publishers = Array.from({ length: 20 }, publish);
    const reader = read();
    let keys = 0;
    // There and back again, twice.
    for (const [from, to] of [
      [0, 1],
      [1, 2],
      [2, 1],
      [1, 0],
    ] as const) {
      keys += await moveSlot(cluster, slotOf(`{${source}}`), from, to);
      const before = acknowledged.size;
      while (acknowledged.size < before + 50) await sleep(1);
    }
    isMoved = true;
    await Promise.all(publishers);
    isDone = true;
    await reader;
    const callers = found.map(({ data }) => (JSON.parse(data) as { caller: string }).caller);
    say(
      `moved 4 times (${keys} keys): ${acknowledged.size} acknowledged, ${failed} refused, ${callers.length} in the stream`,
    );
    expect(new Set(callers).size).toBe(callers.length);
    expect([...acknowledged].filter((caller) => !callers.includes(caller))).toEqual([]);
  });

  it('a frozen node / takes its own keys away with a clear error, and no others; thawed it serves again', async () => {
    const keys = [0, 1, 2].map((node) => streamKeys.events(nameOn(node, 'frozen')));
    const reader = streamReader(blockingConnection({ url: cluster.url, name: 'reader' }));
    const places = new Map<string, string | undefined>(keys.map((key) => [key, undefined]));
    const rings: string[] = [];
    const readUntil = async (key: string, value: string): Promise<void> => {
      while (!rings.includes(`${key} ${value}`)) {
        const { begun, entries } = await reader.read(places, 10);
        for (const [at, id] of begun) places.set(at, id);
        for (const [at, found] of entries) {
          for (const [id, fields] of found) {
            places.set(at, id);
            rings.push(`${at} ${fields[1]}`);
          }
        }
      }
    };
    while ([...places.values()].includes(undefined)) {
      for (const [key, id] of (await reader.read(places, 10)).begun) places.set(key, id);
    }
    cluster.nodes[1]!.suspend();
    const begun = performance.now();
    const frozen = redis.xadd(keys[1]!, '*', 'n', 'lost').then(() => 'sent', codeOf);
    await redis.xadd(keys[0]!, '*', 'n', 'a');
    await redis.xadd(keys[2]!, '*', 'n', 'b');
    await readUntil(keys[0]!, 'a');
    await readUntil(keys[2]!, 'b');
    const othersMs = performance.now() - begun;
    expect(await frozen).toBe('SERVICE_UNAVAILABLE');
    say(
      `frozen node: refused after ${Math.round(performance.now() - begun)} ms; others went on (${Math.round(othersMs)} ms)`,
    );
    cluster.nodes[1]!.resume();
    await untilServed(keys[1]!);
    await redis.xadd(keys[1]!, '*', 'n', 'c');
    await readUntil(keys[1]!, 'c');
    reader.close();
  });

  it('a node that is killed while entries are written / nothing acknowledged is lost, nothing is written twice', async () => {
    const keys = [0, 1, 2].map((node) => streamKeys.events(nameOn(node, 'killed')));
    const acknowledged = new Set<string>();
    const refusals = new Map<string, number>();
    let isDone = false;
    let next = 0;
    const write = async (key: string): Promise<void> => {
      while (!isDone) {
        const value = `${++next}`;
        try {
          await redis.xadd(key, '*', 'n', value);
          acknowledged.add(`${key} ${value}`);
        } catch (error) {
          refusals.set(codeOf(error), (refusals.get(codeOf(error)) ?? 0) + 1);
          await sleep(1);
        }
      }
    };
    const writers = Array.from({ length: 30 }, (_, i) => write(keys[i % 3]!));
    const more = async (key: string): Promise<void> => {
      const count = (): number => [...acknowledged].filter((name) => name.startsWith(key)).length;
      const before = count();
      while (count() < before + 50) await sleep(5);
    };
    await more(keys[1]!);
    await cluster.nodes[1]!.kill9();
    // The others go on while it is away, and it comes back by itself.
    await more(keys[0]!);
    await more(keys[1]!);
    isDone = true;
    await Promise.all(writers);
    const written: string[] = [];
    for (const key of keys)
      for (const [, fields] of await redis.xrange(key, '-', '+')) written.push(`${key} ${fields[1]}`);
    say(
      `killed node: ${acknowledged.size} acknowledged, ${JSON.stringify([...refusals])} refused, ${written.length} written`,
    );
    const there = new Set(written);
    expect(there.size).toBe(written.length);
    expect([...acknowledged].filter((name) => !there.has(name))).toEqual([]);
    expect([...refusals.keys()]).toEqual(['SERVICE_UNAVAILABLE']);
  });
});
