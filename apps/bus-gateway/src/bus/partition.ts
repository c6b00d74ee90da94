import { sha256 } from '@concordat/crypto';
import { busSource, streamKeys } from '@concordat/streams';
import QuickLRU from 'quick-lru';

/** Raised when the number of partitions changes: a message id names the generation that its partition belongs to. */
export const partitionGeneration = 1;

const messagePattern = /^msg-(\d+)-(\d+)-/;

/** The partition of a name within a tenant: of the inbox of a DID, of a topic, of an ordering key. */
export function partitionOf(tenant: string, name: string, partitions: number): number {
  if (!name.startsWith('did:')) return hashOf(tenant, name) % partitions;
  const inbox = `${tenant} ${name}`;
  const hash = hashes.get(inbox) ?? hashOf(tenant, name);
  hashes.set(inbox, hash);
  return hash % partitions;
}

/** Of inboxes: the same ones are asked for with every message. */
const hashes = new QuickLRU<string, number>({ maxSize: 10_000 });
const hashOf = (tenant: string, name: string): number =>
  Buffer.from(sha256(tenant, '\n', name)).readUInt32BE(0);

export const messageIdIn = (partition: number, uuid: string): string =>
  `msg-${partitionGeneration}-${partition}-${uuid}`;

/** @returns the partition of a message, or undefined when it cannot be one of ours */
export function partitionOfMessage(id: string, partitions: number): number | undefined {
  const match = messagePattern.exec(id);
  const partition = Number(match?.[2]);
  return Number(match?.[1]) === partitionGeneration && partition < partitions ? partition : undefined;
}

/** Keys of a partition that are read outside of its scripts; all share one slot. */
export function partitionKeys(partition: number) {
  const source = busSource(partition);
  const base = `cc:{${source}}:`;
  return {
    source,
    events: streamKeys.events(source),
    clock: `${base}clock`,
    doorbell: `${base}doorbell`,
    topics: (tenant: string) => `${base}topics:${tenant}`,
    groups: (tenant: string, topic: string) => `${base}groups:${tenant}:${topic}`,
    idempotency: (tenant: string, commandId: string) => `${base}idempotency:${tenant}:${commandId}`,
  };
}
