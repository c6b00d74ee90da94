import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';

/** What the CLI takes from the environment; this file is its only reader. */
export interface Environment {
  /** CONCORDAT_DATA: the data folder, unless --data says otherwise */
  readonly dataDirectory: string | undefined;
  /** CONCORDAT_REDIS_URL, CONCORDAT_RPC_REDIS_URL, CONCORDAT_DATABASE_URL, each also as …_FILE; secrets */
  readonly redisUrl: string | undefined;
  readonly rpcRedisUrl: string | undefined;
  readonly databaseUrl: string | undefined;
  /** CONCORDAT_BRIDGE=on: agents may speak Redis Streams; in a Redis of one's own by CONCORDAT_BRIDGE_REDIS_URL */
  readonly bridge: boolean;
  readonly bridgeRedisUrl: string | undefined;
  /** CONCORDAT_APPS: where the services lie, `<folder>/<app>/dist/main.js`; default `apps` of the repository */
  readonly appsDirectory: string | undefined;
  /** CONCORDAT_HANGUP=ignored, from the launcher: this was begun with nohup, and the end of the terminal is not its own */
  readonly hangupIgnored: boolean;
  /** where programs are looked for */
  readonly path: string;
  /** for every service: the basics, certificates, telemetry, and what of Concordat concerns all of them */
  readonly services: Readonly<Record<string, string>>;
  /** CONCORDAT_REQUESTS_PER_SECOND and its like: what the gateways let through unless a limit is set */
  readonly gateways: Readonly<Record<string, string>>;
  /** CONCORDAT_BACKUP_HOURS and its like: what iam-service backs up by itself, and how long backups keep their keys */
  readonly backups: Readonly<Record<string, string>>;
  /** everything, for tools that run on the user's behalf: Nx, jest, npm, the supervisor itself */
  readonly tools: Readonly<Record<string, string>>;
}

const passedOn = /^(PATH|LANG|LC_ALL|TZ|NODE_EXTRA_CA_CERTS|OTEL_.+|CONCORDAT_LOG_LEVEL)$/;
const limitSettings = /^CONCORDAT_(API_KEY_|ADDRESS_)?REQUESTS_PER_SECOND$/;
const backupSettings = /^CONCORDAT_(BACKUP_HOURS|BACKUPS_KEPT|BACKUP_DIR|KEYSTORE_BACKUP_DAYS)$/;
const STANDARD_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** @throws Error when a …_FILE cannot be read */
export function readEnvironment(all: NodeJS.ProcessEnv = process.env): Environment {
  const text = (name: string): string | undefined => (all[name] === '' ? undefined : all[name]);
  const present = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const path = text('PATH') ?? STANDARD_PATH;
  return Object.freeze({
    dataDirectory: text('CONCORDAT_DATA'),
    redisUrl: secret(all, 'CONCORDAT_REDIS_URL'),
    rpcRedisUrl: secret(all, 'CONCORDAT_RPC_REDIS_URL'),
    databaseUrl: secret(all, 'CONCORDAT_DATABASE_URL'),
    bridge: text('CONCORDAT_BRIDGE') === 'on',
    bridgeRedisUrl: secret(all, 'CONCORDAT_BRIDGE_REDIS_URL'),
    appsDirectory: text('CONCORDAT_APPS'),
    hangupIgnored: text('CONCORDAT_HANGUP') === 'ignored',
    path,
    services: {
      HOME: text('HOME') ?? homedir(),
      CONCORDAT_ENVIRONMENT: text('CONCORDAT_ENVIRONMENT') ?? 'development',
      ...Object.fromEntries(present.filter(([name]) => passedOn.test(name))),
      PATH: path,
    },
    gateways: Object.fromEntries(present.filter(([name]) => limitSettings.test(name))),
    backups: Object.fromEntries(present.filter(([name]) => backupSettings.test(name))),
    tools: { ...Object.fromEntries(present), PATH: path, HOME: text('HOME') ?? homedir() },
  });
}

/** A secret may come in a variable or, better, in a file that the variable with _FILE names. */
function secret(all: NodeJS.ProcessEnv, name: string): string | undefined {
  const file = all[`${name}_FILE`];
  if (file === undefined || file === '') return all[name] === '' ? undefined : all[name];
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new Error(`${name}_FILE names ${file}, which cannot be read (${(cause as Error).message}).`, {
      cause,
    });
  }
}
