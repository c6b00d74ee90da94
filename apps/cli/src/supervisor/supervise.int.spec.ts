import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { isSameProcess, redisAcl, waitUntil } from '@concordat/processes';
import { readEnvironment } from '../environment';
import { probeReady } from './health';
import { type StandIns, standIns, type Supervised } from './stand-ins.fixture';
import { AlreadyRunningError, type SuperviseOptions } from './supervise';

let place: StandIns;

beforeEach(() => {
  place = standIns();
});
afterEach(() => place.remove());

const start = (more: Partial<SuperviseOptions> = {}): Promise<Supervised> => place.start(more);

const until = (check: () => Promise<void>): Promise<void> => waitUntil(check, { deadlineMs: 10_000 });

describe('the supervisor', () => {
  it('starts databases and services, writes run.json, and drains gateways, services, databases', async () => {
    const { run, stop } = await start();
    expect(run.http).toHaveLength(2);
    expect(run.processes.map(({ name, state }) => [name, state])).toEqual(
      [
        'redis',
        'redis-rpc',
        'postgres',
        'iam-service',
        'audit-service',
        'vault-service',
        'bus-gateway-1',
        'bus-gateway-2',
      ].map((name) => [name, 'ready']),
    );
    expect(await place.run()).toEqual(run);
    expect(statSync(join(place.dataDirectory, 'run.json')).mode & 0o777).toBe(0o600);
    for (const { healthUrl } of run.processes) {
      if (healthUrl !== undefined) await probeReady(healthUrl, AbortSignal.timeout(2_000));
    }
    await stop();
    const drained = place.trace().filter((line) => !line.startsWith('start'));
    expect(drained.slice(0, 2).sort()).toEqual(['drain bus-1', 'drain bus-2']);
    expect(drained.slice(2, 4).sort()).toEqual(['end bus-1', 'end bus-2']);
    expect(drained.slice(4, 7).sort()).toEqual(['drain audit-1', 'drain iam-1', 'drain vault-1']);
    expect(drained).toHaveLength(10);
    await expect(place.run()).rejects.toThrow('no run.json');
    for (const { pid, mark } of run.processes) expect(isSameProcess(pid!, mark!)).toBe(false);
  });

  it('gives each service the environment that was agreed on, and nothing else', async () => {
    await start({
      environment: readEnvironment({ PATH: '/usr/bin:/bin', HOME: '/h', SECRET: 'x', OTEL_A: 'b' }),
    });
    const environmentOf = (name: string): Record<string, string> =>
      JSON.parse(readFileSync(join(place.dataDirectory, name, 'environment.json'), 'utf8')) as Record<
        string,
        string
      >;
    const all = {
      PATH: '/usr/bin:/bin',
      HOME: '/h',
      OTEL_A: 'b',
      CONCORDAT_ENVIRONMENT: 'development',
      CONCORDAT_REDIS_URL_FILE: join(place.dataDirectory, 'redis', 'url'),
      CONCORDAT_RPC_REDIS_URL_FILE: join(place.dataDirectory, 'redis-rpc', 'url'),
      CONCORDAT_PEERS_FILE: join(place.dataDirectory, 'identity', 'peers.json'),
    };
    const health = { CONCORDAT_HEALTH_HOST: '127.0.0.1' };
    const { processes, http, grpc } = await place.run();
    const port = (name: string): string => String(processes.find((entry) => entry.name === name)?.port);
    const web = { CONCORDAT_DID_WEB_DOMAIN: `localhost:${http[0]!.split(':').at(-1)}` };
    expect(environmentOf('iam')).toEqual({
      ...all,
      ...health,
      ...web,
      CONCORDAT_INSTANCE: 'iam-1',
      CONCORDAT_IDENTITY_KEY_FILE: join(place.dataDirectory, 'identity', 'iam.key'),
      CONCORDAT_DATA_DIR: join(place.dataDirectory, 'iam'),
      CONCORDAT_HEALTH_PORT: port('iam-service'),
      CONCORDAT_ADMIN_KEY_FILE: join(place.dataDirectory, 'admin.key'),
      CONCORDAT_BACKUP_DIR: join(place.dataDirectory, 'backups', 'iam'),
    });
    expect(environmentOf('audit')).toEqual({
      ...all,
      ...health,
      CONCORDAT_INSTANCE: 'audit-1',
      CONCORDAT_IDENTITY_KEY_FILE: join(place.dataDirectory, 'identity', 'audit.key'),
      CONCORDAT_DATA_DIR: join(place.dataDirectory, 'audit'),
      CONCORDAT_HEALTH_PORT: port('audit-service'),
      CONCORDAT_DATABASE_URL_FILE: join(place.dataDirectory, 'postgres', 'url'),
      CONCORDAT_VKEY_FILE: join(place.dataDirectory, 'audit.vkey'),
    });
    expect(environmentOf('bus-2')).toEqual({
      ...all,
      ...web,
      CONCORDAT_INSTANCE: 'bus-2',
      CONCORDAT_IDENTITY_KEY_FILE: join(place.dataDirectory, 'identity', 'bus.key'),
      CONCORDAT_DATA_DIR: join(place.dataDirectory, 'bus-2'),
      CONCORDAT_HTTP_HOST: '127.0.0.1',
      CONCORDAT_HTTP_PORT: http[1]!.split(':').at(-1),
      CONCORDAT_GRPC_HOST: '127.0.0.1',
      CONCORDAT_GRPC_PORT: grpc[1]!.split(':').at(-1),
      CONCORDAT_CHALLENGE_KEY_FILE: join(place.dataDirectory, 'challenge.key'),
    });
  });

  it('keeps ports, identities and passwords over a restart', async () => {
    const files = [
      'identity/iam.key',
      'identity/peers.json',
      'challenge.key',
      'redis/url',
      'postgres/url',
      'ports.json',
    ];
    const read = (): string[] => files.map((file) => readFileSync(join(place.dataDirectory, file), 'utf8'));
    const first = await start();
    const before = read();
    await first.stop();
    const second = await start();
    expect(read()).toEqual(before);
    expect(second.run.http).toEqual(first.run.http);
  });

  it('chooses another port when the remembered one of a database is taken', async () => {
    await (await start()).stop();
    const ports = JSON.parse(readFileSync(join(place.dataDirectory, 'ports.json'), 'utf8')) as Record<
      string,
      number
    >;
    const other = createServer().listen(ports['redis'], '127.0.0.1');
    try {
      await start();
      expect((await place.processOf('redis')).port).not.toBe(ports['redis']);
    } finally {
      other.close();
    }
  });

  it.each([
    'redis',
    'redis-rpc',
    'postgres',
    'iam-service',
    'audit-service',
    'vault-service',
    'bus-gateway-2',
  ])('repairs a kill -9 of %s, and run.json tells', async (name) => {
    const { lines } = await start();
    const before = await place.processOf(name);
    process.kill(before.pid!, 'SIGKILL');
    await until(async () =>
      expect(await place.processOf(name)).toMatchObject({ state: 'ready', restarts: 1, port: before.port }),
    );
    expect((await place.processOf(name)).pid).not.toBe(before.pid);
    expect(lines).toContainEqual(
      expect.stringMatching(`warn ${name} ended \\(killed by SIGKILL\\); starting it again at once`),
    );
  });

  it('reports a service that crashes again and again, keeps trying, and the others go on', async () => {
    const { lines } = await start();
    place.tell('crash', 'vault-1');
    process.kill((await place.processOf('vault-service')).pid!, 'SIGKILL');
    await until(async () => expect((await place.processOf('vault-service')).state).toBe('crash-loop'));
    expect(lines).toContainEqual(
      expect.stringMatching(
        /vault-service ended \(exit code 7\), 5 times in a row; see .*vault-service\.log/,
      ),
    );
    expect((await place.processOf('iam-service')).state).toBe('ready');
    place.untell('crash', 'vault-1');
    await until(async () => expect((await place.processOf('vault-service')).state).toBe('ready'));
  });

  it('kills what does not end in time, and at once when it is told to hurry', async () => {
    place.tell('deaf', 'bus-1');
    const supervised = await start();
    const stopping = supervised.stop();
    await until(async () => expect(place.trace()).toContain('drain bus-1'));
    const started = performance.now();
    supervised.hurry();
    await stopping;
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(place.trace()).not.toContain('end bus-1');
  });

  it('refuses a folder that another one has', async () => {
    await start();
    await expect(start()).rejects.toThrow(AlreadyRunningError);
  });
});

describe('with databases that the environment names', () => {
  it('starts none, and hands their URLs on in private files', async () => {
    const environment = readEnvironment({
      PATH: '/usr/bin:/bin',
      HOME: place.folder,
      CONCORDAT_REDIS_URL: 'redis://:one@127.0.0.1:1',
      CONCORDAT_RPC_REDIS_URL: 'redis://:two@127.0.0.1:2',
      CONCORDAT_DATABASE_URL: 'postgres://three@127.0.0.1:3/x',
    });
    const { run } = await start({ environment });
    expect(run.processes.map(({ name }) => name)).not.toContain('redis');
    expect(run.processes).toHaveLength(5);
    const file = join(place.dataDirectory, 'postgres', 'url');
    expect(readFileSync(file, 'utf8')).toBe('postgres://three@127.0.0.1:3/x');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe('an identity key that is damaged', () => {
  it('is not replaced: the error names the file', async () => {
    await (await start()).stop();
    writeFileSync(join(place.dataDirectory, 'identity', 'iam.key'), redisAcl('x'), { mode: 0o600 });
    await expect(start()).rejects.toThrow(/iam\.key does not hold an Ed25519 seed/);
  });
});
