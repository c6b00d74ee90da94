import { z } from 'zod';
import { streamName } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';

/** Where a figure is null it is not known, or there is nothing to be told: never 0 for want of knowledge. */
const count = z.number().int().nullable();
const figures = {
  /** Messages that wait to be fetched, later ones included; of a feed, the events behind its head. */
  waiting: count,
  /** Messages that a consumer has under a lease. */
  leased: count,
  /** Since the message was accepted that has waited longest of those next in line. */
  oldestWaitSeconds: z.number().nullable(),
  /** Agents that got a message within the last minute. */
  consumers: count,
  deadLetters: count,
  /** Since the queue is there. */
  delivered: count,
  failed: count,
  expired: count,
  /** Between the last two looks of the gateway that answers. */
  deliveredPerSecond: z.number().nullable(),
};

const stream = z.strictObject({
  name: streamName,
  kind: z.enum(['topic', 'inbox', 'feed']),
  /** Groups of a topic, readers of a feed. */
  groups: count,
  /** Events that a feed holds. */
  length: count,
  ...figures,
});
export type StreamView = z.infer<typeof stream>;

const streamGroup = z.strictObject({
  stream: streamName,
  /** The group of a topic, the agent of an inbox, the reader of a feed. */
  group: z.string(),
  ...figures,
});
export type StreamGroupView = z.infer<typeof streamGroup>;

export const streamOperations = {
  'stream.list': operation({
    name: 'stream.list',
    service: 'bus',
    summary:
      'See how full the streams are: topics, the own inbox of an agent, and for an operator the audit feeds.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/streams', status: 200 },
    input: z.strictObject({ ...pageInput }),
    output: page(stream),
    errors: [],
  }),
  'stream.get': operation({
    name: 'stream.get',
    service: 'bus',
    summary: 'See how full a stream is, over all its groups; an administrator also sees inboxes of others.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/streams/{name}', status: 200 },
    input: z.strictObject({ name: streamName }),
    output: stream,
    errors: ['STREAM_UNKNOWN'],
  }),
  'stream.groups': operation({
    name: 'stream.groups',
    service: 'bus',
    summary: 'See how far each group of a stream is: what waits, what is leased, and how fast it goes.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/streams/{name}/groups', status: 200 },
    input: z.strictObject({ name: streamName, ...pageInput }),
    output: page(streamGroup),
    errors: ['STREAM_UNKNOWN'],
  }),
};
