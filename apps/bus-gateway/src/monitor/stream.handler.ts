import {
  ConcordatError,
  defaultTenant,
  type OperationOutput,
  type Principal,
  type StreamView,
} from '@concordat/contracts';
import type { Directory } from '@concordat/directory';
import type { OperationHandlers } from '@concordat/runtime';
import { inboxOf, type Queue } from '../bus/queue';
import { pageByName } from '../topic/name-cursor';
import type { TopicStore } from '../topic/topic-store';
import { feedSources, type FeedStates } from './feed-states';
import type { QueueSamples } from './queue-samples';
import { feedView, groupView, inboxView, readerView, topicView } from './stream-view';

export interface StreamPorts {
  readonly topics: Pick<TopicStore, 'topics' | 'topic' | 'groups'>;
  readonly queues: QueueSamples;
  readonly feeds: FeedStates;
  readonly directory: Pick<Directory, 'agent'>;
  readonly partitions: number;
}

type Name = StreamView['name'];

/** A stream that the caller may see. */
type Stream =
  | { readonly kind: 'topic'; readonly name: Name; readonly topic: string }
  | { readonly kind: 'inbox'; readonly name: Name; readonly did: string }
  | { readonly kind: 'feed'; readonly name: Name; readonly source: string };

/** Groups that one request looks at; it then answers with what it has, and a cursor. */
const lookedGroups = 1_000;
const streamsAtOnce = 5;

/** The operations `stream.*`. */
export function streamHandlers(ports: StreamPorts) {
  const { topics, queues, feeds } = ports;
  const groupsOf = async (tenant: string, topic: string): Promise<Extract<Queue, { kind: 'group' }>[]> =>
    (await topics.groups(tenant, topic)).map(({ name }) => ({ kind: 'group', tenant, topic, group: name }));

  const view = async (tenant: string, stream: Stream, groups?: readonly Queue[]): Promise<StreamView> => {
    const { name } = stream;
    if (stream.kind === 'feed') return feedView(name, await feeds.read(stream.source));
    if (stream.kind === 'inbox')
      return inboxView(name, (await queues.read([inboxOf(tenant, stream.did)]))[0]!);
    return topicView(name, await queues.read(groups ?? (await groupsOf(tenant, stream.topic))));
  };

  /** Some at a time, until there are enough groups: never fewer streams than one. */
  const views = async (tenant: string, streams: readonly Stream[]): Promise<StreamView[]> => {
    const items: StreamView[] = [];
    let looked = 0;
    while (items.length < streams.length && looked < lookedGroups) {
      const some = streams.slice(items.length, items.length + streamsAtOnce);
      const groups = await Promise.all(
        some.map((stream) => (stream.kind === 'topic' ? groupsOf(tenant, stream.topic) : [])),
      );
      looked += groups.flat().length;
      items.push(...(await Promise.all(some.map((stream, i) => view(tenant, stream, groups[i])))));
    }
    return items;
  };

  return {
    'stream.list': async (input, { principal }) => {
      const all = await listed(ports, principal);
      const { items: streams } = pageByName(all, nameOf, input);
      const items = await views(principal.tenant, streams);
      const { nextCursor } = pageByName(all, nameOf, { ...input, limit: items.length });
      return { output: { items, nextCursor }, position: null };
    },

    'stream.get': async ({ name }, { principal }) => ({
      output: await view(principal.tenant, await requireStream(ports, principal, name)),
      position: null,
    }),

    'stream.groups': async ({ name, ...input }, { principal }) => {
      const { tenant } = principal;
      const stream = await requireStream(ports, principal, name);
      if (stream.kind === 'feed') {
        const { readers } = await feeds.read(stream.source);
        const { items, nextCursor } = pageByName([...readers], ([reader]) => reader, input);
        return page(
          items.map(([reader, lag]) => readerView(name, reader, lag)),
          nextCursor,
        );
      }
      if (stream.kind === 'inbox') {
        const [sample] = await queues.read([inboxOf(tenant, stream.did)]);
        return page([groupView(name, stream.did, sample!)], null);
      }
      const { items, nextCursor } = pageByName(await groupsOf(tenant, stream.topic), groupOf, input);
      const samples = await queues.read(items);
      return page(
        items.map(({ group }, i) => groupView(name, group, samples[i]!)),
        nextCursor,
      );
    },
  } satisfies OperationHandlers;
}

const nameOf = ({ name }: Stream): string => name;
const groupOf = ({ group }: { readonly group: string }): string => group;
const page = (items: OperationOutput<'stream.groups'>['items'], nextCursor: string | null) => ({
  ...{ output: { items, nextCursor }, position: null },
});

const isAdministrator = ({ scopes }: Principal): boolean => scopes.includes('admin');
/** Feeds hold events of all tenants: how full they are concerns who runs the whole. */
const isOperator = (principal: Principal): boolean =>
  isAdministrator(principal) && principal.tenant === defaultTenant;

/** What the caller may see without naming it, by name. */
async function listed({ topics, partitions }: StreamPorts, principal: Principal): Promise<Stream[]> {
  const sources = isOperator(principal) ? feedSources(partitions) : [];
  return [
    ...sources.map((source): Stream => ({ kind: 'feed', name: `feed:${source}`, source })),
    ...(principal.kind === 'agent' ? [{ kind: 'inbox', name: 'inbox', did: principal.id } as const] : []),
    ...(await topics.topics(principal.tenant)).map(({ name: topic }): Stream => ({
      kind: 'topic',
      name: `topic:${topic}`,
      topic,
    })),
  ];
}

/** @throws ConcordatError STREAM_UNKNOWN, for what the caller may not see too */
async function requireStream(ports: StreamPorts, principal: Principal, name: Name): Promise<Stream> {
  const found = await findStream(ports, principal, name);
  if (!found) throw new ConcordatError('STREAM_UNKNOWN');
  return found;
}

async function findStream(
  { topics, directory, partitions }: StreamPorts,
  principal: Principal,
  name: Name,
): Promise<Stream | undefined> {
  const [kind] = name.split(':', 1);
  const of = name.slice(kind!.length + 1);
  const own = principal.kind === 'agent' ? principal.id : undefined;
  switch (kind) {
    case 'topic':
      return (await topics.topic(principal.tenant, of)) && { kind, name, topic: of };
    case 'inbox': {
      const did = of === '' ? own : of;
      const isSeen =
        did !== undefined &&
        (did === own || (isAdministrator(principal) && directory.agent(principal.tenant, did) !== undefined));
      return isSeen ? { kind, name, did } : undefined;
    }
    case 'feed':
      return isOperator(principal) && feedSources(partitions).includes(of)
        ? { kind, name, source: of }
        : undefined;
    default:
      return undefined;
  }
}
