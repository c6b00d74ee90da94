import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import Redis from 'ioredis';
import { commandLine } from './process-identity';
import { freePort } from './ports';
import { redisServer, redisVersion } from './redis-server';
import { type StartedServer } from './start-server';
import { startRedis, type StartRedisOptions } from './start-redis';
import { removeTemporaryDirectory, temporaryDirectory } from './temporary-directory';
import { waitUntil } from './wait-until';

let directory: string;
const servers: StartedServer[] = [];
const clients: Redis[] = [];

beforeEach(() => {
  directory = temporaryDirectory('concordat redis "test" ');
});
afterEach(async () => {
  clients.splice(0).forEach((client) => client.disconnect());
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  removeTemporaryDirectory(directory);
});

async function redis(options: StartRedisOptions = {}): Promise<StartedServer> {
  const server = await startRedis({ dir: directory, ...options });
  servers.push(server);
  return server;
}

function client(url: string): Redis {
  const made = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => null });
  made.on('error', () => undefined);
  clients.push(made);
  return made;
}

describe('a durable Redis', () => {
  it('killed with SIGKILL comes back at the same port with its data', async () => {
    const server = await redis();
    await client(server.url).set('key', 'value');
    const { pid } = server;
    const started = performance.now();
    await server.kill9();
    await server.whenReady();
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(server.pid).not.toBe(pid);
    expect(await client(server.url).get('key')).toBe('value');
  });

  it('survives 20 kills in a row and loses no acknowledged write', async () => {
    const server = await redis();
    for (let round = 0; round < 20; round += 1) {
      await client(server.url).rpush('rounds', round);
      await server.kill9();
      await server.whenReady();
    }
    expect(await client(server.url).llen('rounds')).toBe(20);
  }, 60_000);

  it('stopped and started again has its data and its password', async () => {
    const first = await redis();
    await client(first.url).set('key', 'value');
    await first.stop();
    const second = await redis({ port: first.port });
    expect(second.url).toBe(first.url);
    expect(await client(second.url).get('key')).toBe('value');
  });

  it('in a folder whose name is not ASCII becomes ready', async () => {
    const connection = client((await redis({ dir: join(directory, 'Büro – 東京 🌳') })).url);
    expect(await connection.set('key', 'value')).toBe('OK');
  });

  it('syncs every write and evicts nothing', async () => {
    const connection = client((await redis()).url);
    expect(await connection.config('GET', 'append*')).toEqual(expect.arrayContaining(['always', 'yes']));
    expect(await connection.config('GET', 'maxmemory-policy')).toContain('noeviction');
  });

  it('refuses writes, not reads, when its memory is full', async () => {
    const connection = client((await redis({ maxMemoryBytes: 3_000_000 })).url);
    await connection.set('key', 'value');
    await expect(
      connection.set('big', 'x'.repeat(4_000_000)).then(() => connection.set('more', 'x')),
    ).rejects.toThrow('OOM');
    expect(await connection.get('key')).toBe('value');
  });
});

describe('a Redis whose supervisor was killed', () => {
  it('is stopped before its successor opens the same data, even at another port', async () => {
    const orphan = await redis({ restart: false });
    await client(orphan.url).set('key', 'value');
    const successor = await redis();
    expect(orphan.pid).toBeUndefined();
    expect(successor.port).not.toBe(orphan.port);
    expect(await client(successor.url).get('key')).toBe('value');
  });
});

describe('a volatile Redis', () => {
  it('killed with SIGKILL comes back empty, and leaves nothing on disk', async () => {
    const server = await redis({ flavour: 'volatile' });
    await client(server.url).set('key', 'value');
    await server.kill9();
    await server.whenReady();
    expect(await client(server.url).get('key')).toBeNull();
    await server.stop();
    expect(readdirSync(join(directory, 'data'))).toEqual([]);
  });
});

describe('a private Redis', () => {
  it('lets nobody in without the password', async () => {
    const server = await redis();
    await expect(client(`redis://127.0.0.1:${server.port}`).get('key')).rejects.toThrow('NOAUTH');
    await expect(client(`redis://:wrong@127.0.0.1:${server.port}`).get('key')).rejects.toThrow();
  });

  it('has its password in a private file, and neither in arguments nor logs nor configuration', async () => {
    const server = await redis();
    const password = new URL(server.url).password;
    expect(password.length).toBeGreaterThanOrEqual(43);
    const files = ['password', 'redis.conf', 'users.acl', 'redis.log'].map((name) => join(directory, name));
    for (const file of files) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(files[0]!, 'utf8').trim()).toBe(password);
    for (const file of files.slice(1)) expect(readFileSync(file, 'utf8')).not.toContain(password);
    expect(commandLine(server.pid!).join(' ')).not.toContain(password);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it('refuses a password that others could read, and says how to repair it', async () => {
    writeFileSync(join(directory, 'password'), 'known');
    chmodSync(join(directory, 'password'), 0o644);
    await expect(redis()).rejects.toThrow(/password has mode 644.*chmod 600/s);
  });

  it('closes a folder that others could enter', async () => {
    chmodSync(directory, 0o755);
    await redis();
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it('at a port that is taken: the error names the holder', async () => {
    const port = await freePort();
    const holder = createServer().listen(port, '127.0.0.1');
    await expect(redis({ port })).rejects.toThrow(
      new RegExp(`Port ${port} is taken by process ${process.pid} \\(.*node`),
    );
    holder.close();
  });

  it('whose port is taken between two starts waits for it, and never passes for ready', async () => {
    const first = await redis();
    const second = join(directory, 'second');
    const { process: child } = await redisServer({
      name: 'second',
      flavour: 'volatile',
      directory: second,
      port: first.port,
      logFile: join(second, 'log'),
      executable: '/usr/bin/redis-server',
    });
    servers.push({ stop: () => child.stop() } as StartedServer);
    child.start();
    await expect(child.whenReady(5_000)).rejects.toThrow(
      /second did not become ready.*Address already in use/s,
    );
    await first.stop();
    await waitUntil(async () => expect(child.state).toBe('ready'), { deadlineMs: 15_000 });
  }, 40_000);

  it('frozen answers nothing; going on, it serves', async () => {
    const server = await redis();
    server.suspend();
    const connection = client(server.url);
    const answer = connection.ping();
    const winner = await Promise.race([answer, new Promise((r) => setTimeout(() => r('silence'), 300))]);
    expect(winner).toBe('silence');
    server.resume();
    expect(await answer).toBe('PONG');
  });

  it('in a temporary folder takes it away when it stops', async () => {
    const server = await startRedis({ flavour: 'volatile' });
    expect(statSync(server.directory).isDirectory()).toBe(true);
    await server.stop();
    expect(statSync(server.directory, { throwIfNoEntry: false })).toBeUndefined();
  });
});

describe('the version of Redis', () => {
  it('is told', async () => {
    expect(await redisVersion('/usr/bin/redis-server')).toMatch(/^[78]\.\d+\.\d+$/);
  });

  it('below 7.0 is refused with the fix', async () => {
    const old = join(directory, 'redis-server');
    writeFileSync(
      old,
      '#!/bin/sh\necho "Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64"\n',
      { mode: 0o755 },
    );
    await expect(redisVersion(old)).rejects.toThrow(/6\.0\.16; Concordat needs 7\.0.*CONCORDAT_REDIS_URL/);
  });
});
