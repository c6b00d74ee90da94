import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Principal, type Service, services } from '@concordat/contracts';
import { ed25519Signer, type Signer, toBase64url } from '@concordat/crypto';
import { startRedis } from '@concordat/processes';
import { createLogger, Health, type Peers, type ServiceBase } from '@concordat/runtime';

type StartedRedis = Awaited<ReturnType<typeof startRedis>>;

/** Two real Redis servers, identities of all services, and a folder: what a service under test needs around it. */
export interface Bench {
  readonly folder: string;
  readonly redis: { readonly durable: StartedRedis; readonly rpc: StartedRedis };
  readonly signers: Readonly<Record<Service, Signer>>;
  readonly peers: Peers;
  /** Settings of a service, as its config module would have read them. */
  settings(service: Service, instance?: string): ServiceTestSettings;
  base(service: Service): ServiceBase;
  stop(): Promise<void>;
}

export interface ServiceTestSettings {
  readonly redisUrl: string;
  readonly rpcRedisUrl: string;
  readonly instance: string;
  readonly identityKeyFile: string;
  readonly peersFile: string;
  readonly dataDir: string;
  readonly environment: 'test';
  readonly logLevel: 'silent';
  readonly healthHost: string;
  readonly healthPort: number;
}

const seedOf = (service: Service): Uint8Array => new Uint8Array(32).fill(services.indexOf(service) + 1);

export async function startBench({ bridge = false }: { readonly bridge?: boolean } = {}): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'concordat-bench-'));
  const [durable, rpc] = await Promise.all([
    startRedis({ flavour: 'durable', bridge }),
    startRedis({ flavour: 'volatile' }),
  ]);
  const signers = Object.fromEntries(services.map((name) => [name, ed25519Signer(seedOf(name))])) as Record<
    Service,
    Signer
  >;
  const peers = Object.fromEntries(services.map((name) => [name, [...signers[name].publicKeys]])) as Peers;
  const peersFile = join(folder, 'peers.json');
  writeFileSync(peersFile, JSON.stringify(peers));
  for (const name of services) {
    writeFileSync(join(folder, `${name}.key`), toBase64url(seedOf(name)), { mode: 0o600 });
    mkdirSync(join(folder, name), { mode: 0o700 });
  }
  return {
    folder,
    redis: { durable, rpc },
    signers,
    peers,
    settings: (service, instance = `${service}-1`) => ({
      redisUrl: durable.url,
      rpcRedisUrl: rpc.url,
      instance,
      identityKeyFile: join(folder, `${service}.key`),
      peersFile,
      dataDir: join(folder, service),
      environment: 'test',
      logLevel: 'silent',
      healthHost: '127.0.0.1',
      healthPort: 0,
    }),
    base: (service) => ({
      logger: createLogger({ service, instance: `${service}-1`, level: 'silent' }),
      health: new Health(),
    }),
    stop: async () => {
      await Promise.all([durable.stop(), rpc.stop()]);
      rmSync(folder, { recursive: true });
    },
  };
}

/** A principal that may do everything in a tenant. */
export const administrator = (tenant = 'default'): Principal => ({
  kind: 'apiKey',
  tenant,
  id: '0'.repeat(16),
  scopes: ['read', 'write', 'admin'],
});

export const agentPrincipal = (did: string, tenant = 'default'): Principal => ({
  kind: 'agent',
  tenant,
  id: did,
  scopes: ['read', 'write'],
  tokenId: 'test',
});
