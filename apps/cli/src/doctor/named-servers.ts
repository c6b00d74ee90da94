import { nodeUrl, parseRedisUrl } from '@concordat/contracts';
import Redis from 'ioredis';
import { type Environment } from '../environment';
import { broken, type Finding, ok } from './finding';

interface PostgresClient {
  connect(): Promise<void>;
  query(sql: string): Promise<{ rows: readonly Record<string, unknown>[] }>;
  end(): Promise<void>;
  on(event: 'error', listener: () => void): void;
}

const TIMEOUT_MS = 3_000;

/** The servers that the environment names in place of private ones: does each answer? Their URLs are secrets. */
export async function examineNamedServers({
  redisUrl,
  rpcRedisUrl,
  databaseUrl,
}: Environment): Promise<Finding[]> {
  return Promise.all([
    ...(redisUrl === undefined ? [] : [examinedRedis('CONCORDAT_REDIS_URL', redisUrl)]),
    ...(rpcRedisUrl === undefined ? [] : [examinedRedis('CONCORDAT_RPC_REDIS_URL', rpcRedisUrl)]),
    ...(databaseUrl === undefined ? [] : [examined('CONCORDAT_DATABASE_URL', databaseUrl, askPostgres)]),
  ]);
}

/** Of a cluster, every node that is named: one that is gone is found out when the others are gone too. */
async function examinedRedis(name: string, url: string): Promise<Finding> {
  try {
    const place = parseRedisUrl(url);
    if (place.kind === 'server') return await examined(name, url, askRedis);
    const urls = place.seeds.map((seed) => nodeUrl(place.access, seed));
    const findings = await Promise.all(urls.map((node) => examined(name, node, askRedis)));
    return (
      findings.find(({ status }) => status !== 'ok') ??
      ok(name, `all ${urls.length} named nodes of the cluster answer`)
    );
  } catch (error) {
    return broken(name, (error as Error).message, `Correct ${name}.`);
  }
}

async function examined(name: string, url: string, ask: (url: string) => Promise<string>): Promise<Finding> {
  if (!URL.canParse(url)) return broken(name, 'is no URL', `Correct ${name}: <scheme>://:<password>@<host>`);
  const { host, protocol } = new URL(url);
  try {
    return ok(name, `${await ask(url)} answers at ${host}`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = message === '' ? (code ?? 'no answer') : message;
    const fix = `Start that server, correct ${name}, or unset it to have one run here.`;
    return broken(name, `${protocol}//${host} cannot be used: ${why}`, fix);
  }
}

async function askRedis(url: string): Promise<string> {
  // A connection that has ended already is not waited for: that would keep the doctor from ending.
  const options = { lazyConnect: true, disconnectTimeout: 100, retryStrategy: () => null };
  const redis = new Redis(url, { ...options, connectTimeout: TIMEOUT_MS });
  let failure: Error | undefined;
  redis.on('error', (error: Error) => (failure ??= error));
  // Not `commandTimeout`, whose timer goes on after the answer.
  const timer = setTimeout(() => {
    failure ??= new Error(`no answer within ${TIMEOUT_MS / 1_000} s`);
    redis.disconnect();
  }, TIMEOUT_MS);
  try {
    await redis.connect();
    const info = await redis.info('server');
    return `Redis ${/^redis_version:(\S+)/m.exec(info)?.[1] ?? ''}`.trim();
  } catch (error) {
    // What went wrong comes as an event; the rejection only says that the connection is closed.
    throw failure ?? error;
  } finally {
    clearTimeout(timer);
    redis.disconnect();
  }
}

async function askPostgres(url: string): Promise<string> {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- it comes without types
  const { Client } = require('pg') as { Client: new (options: object) => PostgresClient };
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query('SHOW server_version');
    return `PostgreSQL ${String(rows[0]?.['server_version'])}`;
  } finally {
    await client.end().catch(() => undefined);
  }
}
