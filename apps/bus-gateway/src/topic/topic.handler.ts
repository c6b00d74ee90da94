import { actorOf, ConcordatError, type Principal } from '@concordat/contracts';
import type { OperationHandlers } from '@concordat/runtime';
import { busSource } from '@concordat/streams';
import { fetchFrom } from '../bus/inbox.handler';
import type { PollPorts } from '../bus/poll';
import type { Queue } from '../bus/queue';
import { pageByName } from './name-cursor';
import { type Named, parseNamed, type TopicStore } from './topic-store';

export interface TopicPorts extends PollPorts {
  readonly topics: TopicStore;
}

type Group = Extract<Queue, { kind: 'group' }>;

const nameOf = ({ name }: Named): string => name;
const groupView = (topic: string, { name, createdAt }: Named) => ({ topic, group: name, createdAt });

/** The operations `topic.*`. */
export function topicHandlers({ topics }: TopicPorts) {
  return {
    'topic.create': async ({ name, description = '' }, { principal }) => {
      const change = { verb: 'put-topic', topic: name, description, actor: actorOf(principal) } as const;
      const { what, settings, partition, at } = await topics.change(principal.tenant, change);
      if (what === 'full') throw new ConcordatError('TOPICS_FULL');
      return { output: parseNamed(name, settings), position: at ?? null, source: busSource(partition) };
    },

    'topic.get': async ({ name }, { principal }) => ({
      output: await requireTopic(topics, principal, name),
      position: null,
    }),

    'topic.list': async (input, { principal }) => ({
      output: pageByName(await topics.topics(principal.tenant), nameOf, input),
      position: null,
    }),

    'topic.delete': async ({ name }, { principal }) => {
      const { tenant } = principal;
      const actor = actorOf(principal);
      const groups = await topics.groups(tenant, name);
      const changed = await topics.change(tenant, { verb: 'delete-topic', topic: name, actor });
      if (changed.what === 'unknown') throw new ConcordatError('TOPIC_UNKNOWN');
      let purged = 0;
      for (const { name: group } of groups)
        purged += await topics.drop({ kind: 'group', tenant, topic: name, group }, actor);
      const source = busSource(changed.partition);
      return { output: { name, purged }, position: changed.at ?? null, source };
    },
  } satisfies OperationHandlers;
}

/** The operations `subscription.*`. */
export function subscriptionHandlers(ports: TopicPorts) {
  const { topics } = ports;
  return {
    'subscription.put': async ({ name, group }, { principal }) => {
      const change = { verb: 'put-group', topic: name, group, actor: actorOf(principal) } as const;
      const { what, settings, partition, at } = await topics.change(principal.tenant, change);
      if (what === 'unknown') throw new ConcordatError('TOPIC_UNKNOWN');
      if (what === 'full') throw new ConcordatError('TOPIC_GROUPS_FULL');
      const output = groupView(name, parseNamed(group, settings));
      return { output, position: at ?? null, source: busSource(partition) };
    },

    'subscription.list': async ({ name, ...input }, { principal }) => {
      await requireTopic(topics, principal, name);
      const { items, nextCursor } = pageByName(await topics.groups(principal.tenant, name), nameOf, input);
      return { output: { items: items.map((item) => groupView(name, item)), nextCursor }, position: null };
    },

    'subscription.delete': async ({ name, group }, { principal }) => {
      const { tenant } = principal;
      const actor = actorOf(principal);
      await requireGroup(topics, { kind: 'group', tenant, topic: name, group });
      const changed = await topics.change(tenant, { verb: 'delete-group', topic: name, group, actor });
      const purged = await topics.drop({ kind: 'group', tenant, topic: name, group }, actor);
      const source = busSource(changed.partition);
      return { output: { topic: name, group, purged }, position: changed.at ?? null, source };
    },

    'subscription.fetch': async ({ name, group, ...input }, context) => {
      const queue: Group = { kind: 'group', tenant: context.principal.tenant, topic: name, group };
      await requireGroup(topics, queue);
      return { output: { items: await fetchFrom(ports, queue, input, context) }, position: null };
    },
  } satisfies OperationHandlers;
}

/** @throws ConcordatError TOPIC_UNKNOWN */
async function requireTopic(topics: TopicStore, { tenant }: Principal, name: string): Promise<Named> {
  const topic = await topics.topic(tenant, name);
  if (!topic) throw new ConcordatError('TOPIC_UNKNOWN');
  return topic;
}

/** @throws ConcordatError TOPIC_UNKNOWN, SUBSCRIPTION_UNKNOWN */
async function requireGroup(topics: TopicStore, { tenant, topic, group }: Group): Promise<void> {
  const [knownTopic, knownGroup] = await Promise.all([
    topics.topic(tenant, topic),
    topics.group(tenant, topic, group),
  ]);
  if (!knownTopic) throw new ConcordatError('TOPIC_UNKNOWN');
  if (!knownGroup) throw new ConcordatError('SUBSCRIPTION_UNKNOWN');
}
