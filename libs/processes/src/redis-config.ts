import { createHash } from 'node:crypto';
import { totalmem } from 'node:os';

/**
 * `durable`: every write is on disk before it is acknowledged (events, feeds, messages).
 * `volatile`: nothing is ever written to disk (commands, replies, the control lane).
 */
export type RedisFlavour = 'durable' | 'volatile';

export interface RedisConfig {
  readonly flavour: RedisFlavour;
  readonly port: number;
  /** where the AOF goes */
  readonly directory: string;
  readonly aclFile: string;
  readonly pidFile: string;
  readonly maxMemoryBytes: number;
  /** for a node of a cluster: the port at which nodes speak with each other */
  readonly busPort?: number | undefined;
}

// `noeviction`: a full Redis refuses writes, which callers see; evicting would lose acknowledged entries silently.
// `save ""`: no RDB snapshots; the AOF is the truth, and the volatile flavour must leave no trace.
const persistence: Record<RedisFlavour, readonly string[]> = {
  durable: [
    'appendonly yes',
    'appendfsync always',
    'no-appendfsync-on-rewrite no',
    'aof-use-rdb-preamble yes',
    'aof-load-truncated yes',
  ],
  volatile: ['appendonly no'],
};

/** After so long without a word a node counts as failed. */
const NODE_TIMEOUT_MS = 5_000;

// Without full coverage a failed node takes its own slots away from its callers, and nothing else.
const clusterLines = (busPort: number): string[] => [
  'cluster-enabled yes',
  `cluster-port ${busPort}`,
  'cluster-announce-ip 127.0.0.1',
  `cluster-node-timeout ${NODE_TIMEOUT_MS}`,
  'cluster-require-full-coverage no',
];

/** The text of redis.conf. It holds no secret: the ACL file has a hash of the password. */
export function redisConfig({
  flavour,
  port,
  directory,
  aclFile,
  pidFile,
  maxMemoryBytes,
  busPort,
}: RedisConfig): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    'protected-mode yes',
    'daemonize no',
    'supervised no',
    `dir ${quoted(directory)}`,
    `aclfile ${quoted(aclFile)}`,
    `pidfile ${quoted(pidFile)}`,
    'save ""',
    ...persistence[flavour],
    ...(busPort === undefined ? [] : clusterLines(busPort)),
    'maxmemory-policy noeviction',
    `maxmemory ${maxMemoryBytes}`,
    'tcp-keepalive 60',
    'loglevel notice',
    'always-show-logo no',
    '',
  ].join('\n');
}

/**
 * One user, `default`, known by the SHA-256 of the password; no command that would copy the data to another host, except
 * in a cluster, whose slots move by MIGRATE.
 */
export function redisAcl(password: string, isClustered = false): string {
  const hash = createHash('sha256').update(password).digest('hex');
  const migrate = isClustered ? '' : ' -migrate';
  return `user default on sanitize-payload #${hash} ~* &* +@all -acl -replicaof -slaveof${migrate} -failover\n`;
}

/**
 * The user `bridge` of the gateways: what the bridge does with its own keys, and making users. Who may make users could
 * give itself any right, so nobody but the gateways is given this password.
 */
export function redisBridgeAcl(password: string): string {
  const hash = createHash('sha256').update(password).digest('hex');
  const commands = [
    ...[
      '+acl|setuser',
      '+acl|deluser',
      '+ping',
      '+info',
      '+client|setname',
      '+eval',
      '+evalsha',
      '+del',
      '+exists',
    ],
    ...[
      '+set',
      '+hget',
      '+hgetall',
      '+hset',
      '+hdel',
      '+xadd',
      '+xlen',
      '+xdel',
      '+xtrim',
      '+xack',
      '+xpending',
    ],
    ...['+xreadgroup', '+xautoclaim', '+xgroup|create', '+xinfo|groups'],
  ];
  return `user bridge on sanitize-payload #${hash} ~cc:{bridge}:* ~cc:{bridge.* ${commands.join(' ')}\n`;
}

/** A quarter of what this machine (or container) has, at least 256 MiB. */
export function defaultMaxMemoryBytes(): number {
  const limit = process.constrainedMemory();
  const available = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return Math.max(256 * 1024 * 1024, Math.floor(available / 4));
}

/** Double quotes with backslash escapes (redis.conf, sds.c sdssplitargs): folders may have spaces and quotes. */
function quoted(path: string): string {
  if (/[\r\n]/.test(path))
    throw new Error(`Redis cannot work in a folder with a line break in its name: ${path}`);
  return `"${path.replace(/[\\"]/g, '\\$&')}"`;
}
