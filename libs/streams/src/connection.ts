import { parseRedisUrl } from '@concordat/contracts';
import { clusterConnection, ClusterNodes } from './cluster/cluster-connection';
import { LaneReader } from './cluster/lane-reader';
import { blockingNode, commandNode, type NodeOptions } from './node-connection';
import type { RedisConnection } from './redis-connection';
import { ServerReader, type StreamReader } from './stream-reader';

export interface ConnectionOptions extends Omit<NodeOptions, 'url'> {
  /** One server or a cluster: `parseRedisUrl`. */
  readonly url: string;
}

/** For commands: fails fast when the Redis that has the key is away or frozen. @throws Error for a URL that is none */
export function commandConnection(options: ConnectionOptions): RedisConnection {
  const place = parseRedisUrl(options.url);
  return place.kind === 'server' ? commandNode(options) : clusterConnection(place, 'commands', options);
}

/** For blocking reads: a connection of its own, because everything behind a blocking read would wait too. */
export function blockingConnection(options: ConnectionOptions): RedisConnection {
  const place = parseRedisUrl(options.url);
  return place.kind === 'server' ? blockingNode(options) : clusterConnection(place, 'blocking', options);
}

/** @param blocking a connection of its own; closed with the reader */
export const streamReader = (blocking: RedisConnection): StreamReader =>
  blocking instanceof ClusterNodes ? new LaneReader(blocking) : new ServerReader(blocking);
