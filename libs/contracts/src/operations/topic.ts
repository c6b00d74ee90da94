import { z } from 'zod';
import { limits } from '../limits';
import { displayName, groupName, timestamp, topicName } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';
import { delivery, fetchInput } from './inbox';

const topic = z.strictObject({ name: topicName, description: z.string().nullable(), createdAt: timestamp });
const subscription = z.strictObject({ topic: topicName, group: groupName, createdAt: timestamp });

export const topicOperations = {
  'topic.create': operation({
    name: 'topic.create',
    service: 'bus',
    summary: 'Create a topic; created again, it keeps its messages and takes the new description.',
    kind: 'command',
    caller: 'credential',
    scope: 'write',
    http: { method: 'POST', path: '/v1/topics', status: 201 },
    input: z.strictObject({ name: topicName, description: displayName.max(256).optional() }),
    output: topic,
    errors: ['TOPICS_FULL'],
  }),
  'topic.get': operation({
    name: 'topic.get',
    service: 'bus',
    summary: 'Read a topic.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/topics/{name}', status: 200 },
    input: z.strictObject({ name: topicName }),
    output: topic,
    errors: ['TOPIC_UNKNOWN'],
  }),
  'topic.list': operation({
    name: 'topic.list',
    service: 'bus',
    summary: 'List the topics of the tenant by name.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/topics', status: 200 },
    input: z.strictObject({ ...pageInput }),
    output: page(topic),
    errors: [],
  }),
  'topic.delete': operation({
    name: 'topic.delete',
    service: 'bus',
    summary: 'Delete a topic with its groups. Messages that wait in them are purged.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'DELETE', path: '/v1/topics/{name}', status: 200 },
    input: z.strictObject({ name: topicName }),
    output: z.strictObject({ name: topicName, purged: z.number().int() }),
    errors: ['TOPIC_UNKNOWN'],
  }),
};

export const subscriptionOperations = {
  'subscription.put': operation({
    name: 'subscription.put',
    service: 'bus',
    summary: 'Let a group of consumers have a copy of every message that the topic gets from now on.',
    kind: 'command',
    caller: 'credential',
    scope: 'write',
    http: { method: 'PUT', path: '/v1/topics/{name}/subscriptions/{group}', status: 200 },
    input: z.strictObject({ name: topicName, group: groupName }),
    output: subscription,
    errors: ['TOPIC_UNKNOWN', 'TOPIC_GROUPS_FULL'],
  }),
  'subscription.list': operation({
    name: 'subscription.list',
    service: 'bus',
    summary: 'List the groups of a topic by name.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/topics/{name}/subscriptions', status: 200 },
    input: z.strictObject({ name: topicName, ...pageInput }),
    output: page(subscription),
    errors: ['TOPIC_UNKNOWN'],
  }),
  'subscription.delete': operation({
    name: 'subscription.delete',
    service: 'bus',
    summary: 'Remove a group. Messages that wait in it are purged.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'DELETE', path: '/v1/topics/{name}/subscriptions/{group}', status: 200 },
    input: z.strictObject({ name: topicName, group: groupName }),
    output: z.strictObject({ topic: topicName, group: groupName, purged: z.number().int() }),
    errors: ['TOPIC_UNKNOWN', 'SUBSCRIPTION_UNKNOWN'],
  }),
  'subscription.fetch': operation({
    name: 'subscription.fetch',
    service: 'bus',
    summary: 'Receive messages of a group; its consumers share them. Settled as those of the inbox are.',
    kind: 'query',
    caller: 'agent',
    scope: 'read',
    http: { method: 'GET', path: '/v1/topics/{name}/subscriptions/{group}/messages', status: 200 },
    input: z.strictObject({ name: topicName, group: groupName, ...fetchInput }),
    output: z.strictObject({ items: z.array(delivery).max(limits.inboxFetchItems) }),
    errors: ['TOPIC_UNKNOWN', 'SUBSCRIPTION_UNKNOWN'],
  }),
};
