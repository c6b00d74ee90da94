import type { Service } from '@concordat/contracts';

/**
 * Names of the keys in Redis. Everything that one Lua script touches shares the `{tag}`, so a Redis Cluster works
 * unchanged.
 *
 * A source is a stream of events with contiguous positions: `iam`, `vault` (published by a relay, chained and signed),
 * `bus.0` … `bus.<P-1>` (partitions of the bus), `<service>.feed` (refusals and audited reads).
 */
export const streamKeys = {
  events: (source: string): string => `cc:{${source}}:events`,
  /** Hash: epoch and position of the last entry, its chain hash, and what instances have fed. */
  head: (source: string): string => `cc:{${source}}:head`,
  /** Hash: durable readers and the position up to which each has stored everything. */
  cursors: (source: string): string => `cc:{${source}}:cursors`,

  // On the Redis that stores nothing:
  control: (service: Service): string => `cc:{${service}}:control`,
  offers: (service: Service): string => `cc:{rpc.${service}}:offers`,
  commands: (service: Service, instance: string): string => `cc:{rpc.${service}}:commands:${instance}`,
  replies: (instance: string, incarnation: string): string =>
    `cc:{rpc.reply.${instance}}:replies:${incarnation}`,
} as const;

export const feedSource = (service: Service): string => `${service}.feed`;
export const busSource = (partition: number): string => `bus.${partition}`;
