import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ManagedProcess, providePrivateDirectory } from '@concordat/processes';
import { UserError } from '../context';
import { type Environment } from '../environment';
import { type Member } from './fleet';
import { probeOwnReady } from './health';
import { type PortPlan } from './port-plan';
import { type DataFolder } from './provision';
import { gatewayApp, type Identity, services } from './services';

const HOST = '127.0.0.1';
const DRAIN_DEADLINE_MS = 10_000;

/** One process of a service, before it runs. */
interface ServicePlan {
  readonly name: string;
  readonly app: string;
  readonly instance: string;
  readonly identity: Identity;
  readonly stage: 'service' | 'gateway';
  readonly dataName: string;
  readonly port: number;
  readonly variables: Readonly<Record<string, string>>;
  /** options of Node */
  readonly nodeOptions: readonly string[];
}

export interface ServiceSettings {
  readonly environment: Environment;
  /** holds `<app>/dist/main.js` */
  readonly appsDirectory: string;
  readonly folder: DataFolder;
  readonly ports: PortPlan;
}

/** The four services, the gateway as often as there are ports for it; not yet started. */
export async function serviceProcesses(settings: ServiceSettings): Promise<Member[]> {
  const plans = [...servicePlans(settings), ...gatewayPlans(settings)];
  for (const { dataName } of plans) await providePrivateDirectory(settings.folder.of(dataName));
  return plans.map((plan) => member(plan, settings));
}

/**
 * What belongs to a batch of events lives until the batch before is committed. Node's 16 MiB for young objects do not hold
 * that: they pass for old, and collecting them costs a third of what is ingested.
 */
const nodeOptions: Partial<Record<Identity, readonly string[]>> = { audit: ['--max-semi-space-size=32'] };

/** The script of an app. @throws UserError when it is not built */
export function appScript(appsDirectory: string, app: string): string {
  const script = join(appsDirectory, app, 'dist', 'main.js');
  if (existsSync(script)) return script;
  throw new UserError(`${script} is missing: ${app} is not built. Run: npx nx run-many -t build`);
}

/** did:web identities that are made here have their documents at the first gateway. */
const didWeb = (ports: PortPlan): Record<string, string> => ({
  CONCORDAT_DID_WEB_DOMAIN: `localhost:${ports.http[0]}`,
});

/** Off unless it is asked for, or the Redis that was named has a user for it. */
function bridge({
  environment,
  folder,
}: Pick<ServiceSettings, 'environment' | 'folder'>): Record<string, string> {
  const isOn =
    environment.redisUrl === undefined ? environment.bridge : environment.bridgeRedisUrl !== undefined;
  return isOn ? { CONCORDAT_BRIDGE_REDIS_URL_FILE: folder.bridgeRedisUrlFile } : {};
}

/** Files that the operator may have put into the data folder. */
function witnessing({ witnessedLogsFile, witnessesFile }: DataFolder): Record<string, string> {
  return {
    ...(existsSync(witnessedLogsFile) && { CONCORDAT_WITNESSED_LOGS_FILE: witnessedLogsFile }),
    ...(existsSync(witnessesFile) && { CONCORDAT_WITNESSES_FILE: witnessesFile }),
  };
}

function servicePlans({ environment, folder, ports }: ServiceSettings): ServicePlan[] {
  // Where those go that are made by hand, so that the keys of all end in time.
  const backups = { CONCORDAT_BACKUP_DIR: folder.backupsOf('iam'), ...environment.backups };
  const own: Record<Identity, Record<string, string>> = {
    iam: { CONCORDAT_ADMIN_KEY_FILE: folder.adminKeyFile, ...backups, ...didWeb(ports) },
    audit: {
      ...{ CONCORDAT_DATABASE_URL_FILE: folder.databaseUrlFile, CONCORDAT_VKEY_FILE: folder.vkeyFile },
      ...witnessing(folder),
    },
    vault: {},
    bus: {},
  };
  return services.map(({ name, identity }) => ({
    name,
    app: name,
    instance: `${identity}-1`,
    identity,
    stage: 'service',
    dataName: identity,
    port: ports.port(name),
    variables: {
      ...own[identity],
      CONCORDAT_HEALTH_HOST: HOST,
      CONCORDAT_HEALTH_PORT: String(ports.port(name)),
    },
    nodeOptions: nodeOptions[identity] ?? [],
  }));
}

function gatewayPlans({ environment, folder, ports }: ServiceSettings): ServicePlan[] {
  return ports.http.map((http, index) => ({
    name: `${gatewayApp}-${index + 1}`,
    app: gatewayApp,
    instance: `bus-${index + 1}`,
    identity: 'bus',
    stage: 'gateway',
    dataName: `bus-${index + 1}`,
    port: http,
    nodeOptions: [],
    variables: {
      ...environment.gateways,
      CONCORDAT_HTTP_HOST: HOST,
      CONCORDAT_HTTP_PORT: String(http),
      CONCORDAT_GRPC_HOST: HOST,
      CONCORDAT_GRPC_PORT: String(ports.grpc[index]),
      CONCORDAT_CHALLENGE_KEY_FILE: folder.challengeKeyFile,
      ...bridge({ environment, folder }),
      ...didWeb(ports),
    },
  }));
}

function member(plan: ServicePlan, { environment, appsDirectory, folder }: ServiceSettings): Member {
  const healthUrl = `http://${HOST}:${plan.port}`;
  const child = new ManagedProcess({
    name: plan.name,
    command: process.execPath,
    // Without source maps: reading them is a fifth of a start, and the built code is line by line the written one.
    args: [...plan.nodeOptions, appScript(appsDirectory, plan.app)],
    env: {
      ...environment.services,
      CONCORDAT_INSTANCE: plan.instance,
      CONCORDAT_REDIS_URL_FILE: folder.redisUrlFile,
      CONCORDAT_RPC_REDIS_URL_FILE: folder.rpcRedisUrlFile,
      CONCORDAT_IDENTITY_KEY_FILE: folder.identityKeyFile(plan.identity),
      CONCORDAT_PEERS_FILE: folder.peersFile,
      CONCORDAT_DATA_DIR: folder.of(plan.dataName),
      ...plan.variables,
    },
    cwd: folder.of(plan.dataName),
    logFile: join(folder.logs, `${plan.name}.log`),
    probe: (pid, signal) => probeOwnReady({ url: healthUrl, port: plan.port, pid }, signal),
    stopTimeoutMs: DRAIN_DEADLINE_MS,
  });
  return { stage: plan.stage, process: child, port: plan.port, healthUrl };
}
