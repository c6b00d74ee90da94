import { groupName, topicName } from '@concordat/contracts';

/**
 * Where messages wait for their consumers: the inbox of an agent, or a group of a topic. An inbox lies in one
 * partition, a group in all of them.
 */
export type Queue =
  | { readonly kind: 'inbox'; readonly tenant: string; readonly did: string }
  | { readonly kind: 'group'; readonly tenant: string; readonly topic: string; readonly group: string };

export const inboxOf = (tenant: string, did: string): Queue => ({ kind: 'inbox', tenant, did });

/** As scripts and doorbells call it. */
export const queueName = (queue: Queue): string =>
  queue.kind === 'inbox'
    ? `${queue.tenant}:i:${queue.did}`
    : `${queue.tenant}:t:${queue.topic}:${queue.group}`;

/** As callers and events call it: a DID, or `topic:<name>/<group>`. */
export const queueAddress = (queue: Queue): string =>
  queue.kind === 'inbox' ? queue.did : `topic:${queue.topic}/${queue.group}`;

/** What rings when a broadcast of the tenant has come. */
export const everyone = (tenant: string): string => `${tenant}:*`;

/** @returns undefined for a name that no queue has */
export function parseQueueName(name: string): Queue | undefined {
  const [, tenant, kind, rest] = /^([^:]+):([it]):(.+)$/.exec(name) ?? [];
  if (tenant === undefined || rest === undefined) return undefined;
  if (kind === 'i') return inboxOf(tenant, rest);
  const [topic, group] = rest.split(':');
  return topic && group ? { kind: 'group', tenant, topic, group } : undefined;
}

/** @returns undefined for an address that no queue has */
export function parseQueueAddress(tenant: string, address: string): Queue | undefined {
  if (address.startsWith('did:')) return inboxOf(tenant, address);
  const [, topic, group] = /^topic:([^/]+)\/([^/]+)$/.exec(address) ?? [];
  // Tokens bring such addresses from outside: what no topic can be called must not become part of a key.
  const isNamed = topicName.safeParse(topic).success && groupName.safeParse(group).success;
  return isNamed ? { kind: 'group', tenant, topic: topic!, group: group! } : undefined;
}
