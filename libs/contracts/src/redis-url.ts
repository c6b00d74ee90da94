/** Where a Redis is: one server, or the nodes at which to ask for the members of a cluster. URLs hold passwords. */
export type RedisPlace =
  | { readonly kind: 'server'; readonly url: string }
  | { readonly kind: 'cluster'; readonly seeds: readonly RedisNode[]; readonly access: RedisAccess };

export interface RedisNode {
  /** name, IPv4, or IPv6 without brackets */
  readonly host: string;
  readonly port: number;
}

/** What all nodes of a cluster have in common: scheme and credentials, as they stand in the URL. */
export interface RedisAccess {
  readonly scheme: 'redis' | 'rediss';
  /** `user:password@`, percent-encoded, or empty */
  readonly credentials: string;
}

const seedsLimit = 16;
const clusterPattern = /^(rediss?)\+cluster:\/\/(?:([^@/?#\s]*)@)?([^@/?#\s]+)$/;

/**
 * `redis://user:password@host:port` (`rediss://` with TLS) for one server, `redis+cluster://user:password@host:port,host:port`
 * (`rediss+cluster://` with TLS) for a Redis Cluster.
 * @throws Error that says what is wrong, without the password
 */
export function parseRedisUrl(text: string): RedisPlace {
  if (/^rediss?:\/\//.test(text)) {
    if (!URL.canParse(text) || new URL(text).hostname === '')
      throw new Error('is no URL; write redis://user:password@host:port');
    return { kind: 'server', url: text };
  }
  const match = clusterPattern.exec(text);
  if (!match)
    throw new Error(
      /^rediss?\+cluster:/.test(text)
        ? 'names no cluster; write redis+cluster://user:password@host:port,host:port, without a path: a cluster has one database'
        : 'begins with none of redis://, rediss://, redis+cluster://, rediss+cluster://',
    );
  const [, scheme, credentials, hosts] = match as unknown as [
    string,
    RedisAccess['scheme'],
    string?,
    string?,
  ];
  const seeds = hosts!.split(',').map(parseNode);
  if (seeds.length > seedsLimit)
    throw new Error(`names more than ${seedsLimit} nodes; some of the cluster will do`);
  const access = { scheme, credentials: credentials ? `${credentials}@` : '' };
  if (!URL.canParse(nodeUrl(access, seeds[0]!)))
    throw new Error('has a user or password with characters that must be percent-encoded');
  return { kind: 'cluster', seeds, access };
}

/** The URL of one node of a cluster. */
export const nodeUrl = ({ scheme, credentials }: RedisAccess, { host, port }: RedisNode): string =>
  `${scheme}://${credentials}${host.includes(':') ? `[${host}]` : host}:${port}`;

/** `host:port` or `[ipv6]:port`. The port must be there: a forgotten one would be found out late. */
function parseNode(text: string): RedisNode {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port < 1 || port > 65_535)
    throw new Error(`names the node "${text}"; a node is host:port, several are separated by commas`);
  return { host: match[1] ?? match[2]!, port };
}
