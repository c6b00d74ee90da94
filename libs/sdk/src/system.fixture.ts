import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toBase64url } from '@concordat/crypto';
// eslint-disable-next-line @nx/enforce-module-boundaries -- a fixture: nothing that people install imports it
import { freePort, ManagedProcess } from '@concordat/processes';
// eslint-disable-next-line @nx/enforce-module-boundaries -- a fixture: nothing that people install imports it
import { type Bench, startBench } from '@concordat/testing';
import type { Service } from '@concordat/contracts';

/** iam-service and two gateways as processes of their own, over two real Redis servers. */
export interface RunningSystem {
  /** Of the gateways. */
  readonly urls: readonly string[];
  readonly adminKey: string;
  readonly bench: Bench;
  /** kill -9; it is started again. */
  kill(name: 'iam-1' | 'bus-1' | 'bus-2'): void;
  stop(): Promise<void>;
}

const apps = join(__dirname, '..', '..', '..', 'apps');
const challengeKey = toBase64url(new Uint8Array(32).fill(9));
const readyMs = 20_000;

export async function startSystem(): Promise<RunningSystem> {
  const bench = await startBench();
  const adminKeyFile = join(bench.folder, 'admin.key');
  const iam = await start(bench, 'iam-service', 'iam', 'iam-1', { CONCORDAT_ADMIN_KEY_FILE: adminKeyFile });
  const gateway = (instance: string): Promise<Started> =>
    start(bench, 'bus-gateway', 'bus', instance, { CONCORDAT_CHALLENGE_KEY: challengeKey });
  const gateways = [await gateway('bus-1'), await gateway('bus-2')];
  const all = [...gateways, iam];
  for (const { child } of all) await child.whenReady(readyMs);
  return {
    urls: gateways.map(({ url }) => url),
    adminKey: readFileSync(adminKeyFile, 'utf8').trim(),
    bench,
    kill: (name) => void all.find(({ child }) => child.name === name)!.child.kill('SIGKILL'),
    stop: async () => {
      for (const { child } of all) await child.stop(2_000);
      await bench.stop();
    },
  };
}

interface Started {
  readonly child: ManagedProcess;
  readonly url: string;
}

async function start(
  bench: Bench,
  app: string,
  service: Service,
  instance: string,
  more: Readonly<Record<string, string>>,
): Promise<Started> {
  const script = join(apps, app, 'dist', 'main.js');
  if (!existsSync(script)) throw new Error(`${script} is missing. Run: npx nx run-many -t build`);
  const settings = bench.settings(service, instance);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const ports: Readonly<Record<string, string>> =
    service === 'bus'
      ? { CONCORDAT_HTTP_PORT: String(port), CONCORDAT_GRPC_PORT: String(await freePort()) }
      : { CONCORDAT_HEALTH_PORT: String(port) };
  const child = new ManagedProcess({
    name: instance,
    command: process.execPath,
    args: [script],
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      CONCORDAT_REDIS_URL: settings.redisUrl,
      CONCORDAT_RPC_REDIS_URL: settings.rpcRedisUrl,
      CONCORDAT_INSTANCE: instance,
      CONCORDAT_IDENTITY_KEY_FILE: settings.identityKeyFile,
      CONCORDAT_PEERS_FILE: settings.peersFile,
      CONCORDAT_DATA_DIR: settings.dataDir,
      CONCORDAT_ENVIRONMENT: 'test',
      ...ports,
      ...more,
    },
    logFile: join(bench.folder, `${instance}.log`),
    probe: async (_pid, signal) => {
      const { status } = await fetch(`${url}/health/ready`, { signal });
      if (status !== 200) throw new Error(`health answers ${status}`);
    },
  });
  child.start();
  return { child, url };
}
