import { messagePriority } from '@concordat/contracts';
import { sha256 } from '@concordat/crypto';
import { busSource, streamKeys } from '@concordat/streams';

/** Raised when the number of partitions changes: a message id names the generation that its partition belongs to. */
export const partitionGeneration = 1;

const messagePattern = /^msg-(\d+)-(\d+)-/;

/** The partition that holds everything of an inbox. */
export function partitionOf(tenant: string, recipient: string, partitions: number): number {
  return Buffer.from(sha256(tenant, '\n', recipient)).readUInt32BE(0) % partitions;
}

export const messageIdIn = (partition: number, uuid: string): string =>
  `msg-${partitionGeneration}-${partition}-${uuid}`;

/** @returns the partition of a message, or undefined when it cannot be one of ours */
export function partitionOfMessage(id: string, partitions: number): number | undefined {
  const match = messagePattern.exec(id);
  const partition = Number(match?.[2]);
  return Number(match?.[1]) === partitionGeneration && partition < partitions ? partition : undefined;
}

const priorities = messagePriority.options;

/** The keys of a partition and of the inboxes in it; all share the slot of the partition's events. */
export function partitionKeys(partition: number) {
  const source = busSource(partition);
  const base = `cc:{${source}}`;
  return {
    source,
    events: streamKeys.events(source),
    head: streamKeys.head(source),
    clock: `${base}:clock`,
    leases: `${base}:leases`,
    expiries: `${base}:expiries`,
    doorbell: `${base}:doorbell`,
    statePrefix: (tenant: string) => `${base}:message:${tenant}:`,
    state: (tenant: string, id: string) => `${base}:message:${tenant}:${id}`,
    idempotency: (tenant: string, commandId: string) => `${base}:idempotency:${tenant}:${commandId}`,
    claim: (tenant: string, commandId: string) => `${base}:claim:${tenant}:${commandId}`,
    inbox: (tenant: string, recipient: string) => {
      const inbox = `${base}:inbox:${tenant}:${recipient}`;
      return {
        lanes: priorities.map((priority) => `${inbox}:${priority}`),
        lane: (priority: (typeof priorities)[number]) => `${inbox}:${priority}`,
        due: `${inbox}:due`,
        turn: `${inbox}:turn`,
        count: `${inbox}:count`,
      };
    },
  };
}

/** How an inbox is called at the doorbell. */
export const inboxName = (tenant: string, recipient: string): string => `${tenant} ${recipient}`;
