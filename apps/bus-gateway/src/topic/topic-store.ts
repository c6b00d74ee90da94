import { ConcordatError, limits, parsePosition, type Position } from '@concordat/contracts';
import { activeTraceparent } from '@concordat/runtime';
import { fromRedisError, type RedisConnection } from '@concordat/streams';
import { keepEndedMs, type PartitionScripts } from '../bus/partition-scripts';
import { partitionKeys, partitionOf } from '../bus/partition';
import { type Queue, queueName } from '../bus/queue';

export interface Named {
  readonly name: string;
  /** RFC 3339 */
  readonly createdAt: string;
  readonly description: string | null;
}

export interface Changed {
  readonly what: 'created' | 'changed' | 'same' | 'deleted' | 'unknown' | 'full';
  readonly settings: string;
  readonly partition: number;
  readonly at: Position | undefined;
}

interface Change {
  readonly verb: 'put-topic' | 'delete-topic' | 'put-group' | 'delete-group';
  readonly topic: string;
  readonly group?: string;
  readonly description?: string;
  readonly actor: string;
}

const dropBatch = 500;

/**
 * Topics and their groups. Every partition knows all of them, so that a message can be published in any; the one that
 * belongs to the topic is asked for them. It is the last to learn of what is new and the first to learn of what is gone,
 * so what it knows holds everywhere.
 */
export class TopicStore {
  constructor(
    private readonly redis: RedisConnection,
    private readonly scripts: PartitionScripts,
    private readonly partitions: number,
  ) {}

  /** @throws ConcordatError SERVICE_UNAVAILABLE: then it can be repeated */
  async change(tenant: string, change: Change): Promise<Changed> {
    const home = partitionOf(tenant, change.topic, this.partitions);
    const others = Array.from({ length: this.partitions }, (_, p) => p).filter((p) => p !== home);
    const inOthers = (): Promise<unknown> =>
      Promise.all(others.map((partition) => this.#changeIn(partition, tenant, change, false)));
    if (change.verb.startsWith('put')) {
      // Not before it is sure that it will be taken: what is unknown or full at home must not be known elsewhere.
      await this.#requireRoom(home, tenant, change);
      await inOthers();
      return this.#changeIn(home, tenant, change, true);
    }
    const changed = await this.#changeIn(home, tenant, change, true);
    // Also when it is unknown at home: an earlier attempt may have come no further.
    await inOthers();
    return changed;
  }

  async topic(tenant: string, name: string): Promise<Named | undefined> {
    return this.#read(partitionOf(tenant, name, this.partitions), (keys) => keys.topics(tenant), name);
  }

  async group(tenant: string, topic: string, group: string): Promise<Named | undefined> {
    const home = partitionOf(tenant, topic, this.partitions);
    return this.#read(home, (keys) => keys.groups(tenant, topic), group);
  }

  /** By name. */
  async topics(tenant: string): Promise<Named[]> {
    const all = await this.#readAll(0, (keys) => keys.topics(tenant));
    // A partition may know a topic that its own does not know yet, or not any more.
    const known = await Promise.all(all.map(({ name }) => this.topic(tenant, name)));
    return known.filter((topic) => topic !== undefined);
  }

  /** By name. */
  async groups(tenant: string, topic: string): Promise<Named[]> {
    const home = partitionOf(tenant, topic, this.partitions);
    return this.#readAll(home, (keys) => keys.groups(tenant, topic));
  }

  /** Ends what waits in a group that was removed. @returns how many messages */
  async drop(queue: Queue, actor: string): Promise<number> {
    let dropped = 0;
    for (let partition = 0; partition < this.partitions; partition++) {
      for (;;) {
        const args = [queueName(queue), keepEndedMs, dropBatch, actor, activeTraceparent() ?? ''];
        const count = (await this.scripts.run('dropQueue', partition, args)) as number;
        dropped += count;
        if (count < dropBatch) break;
      }
    }
    return dropped;
  }

  async #requireRoom(home: number, tenant: string, { verb, topic, group }: Change): Promise<void> {
    const keys = partitionKeys(home);
    if (verb === 'put-topic') {
      await this.#requireLess(keys.topics(tenant), topic, limits.topics, 'TOPICS_FULL');
    } else {
      if (!(await this.topic(tenant, topic))) throw new ConcordatError('TOPIC_UNKNOWN');
      const groups = keys.groups(tenant, topic);
      await this.#requireLess(groups, group!, limits.topicGroups, 'TOPIC_GROUPS_FULL');
    }
  }

  async #requireLess(
    key: string,
    field: string,
    most: number,
    code: 'TOPICS_FULL' | 'TOPIC_GROUPS_FULL',
  ): Promise<void> {
    const [exists, count] = await this.#asked(
      Promise.all([this.redis.hexists(key, field), this.redis.hlen(key)]),
    );
    if (exists === 0 && count >= most) throw new ConcordatError(code);
  }

  async #changeIn(partition: number, tenant: string, change: Change, isHome: boolean): Promise<Changed> {
    const { verb, topic, group = '', description = '', actor } = change;
    const args = [tenant, verb, topic, group, description, actor, isHome ? '1' : '0'];
    const reply = await this.scripts.run('changeTopics', partition, [
      ...args,
      ...[limits.topics, limits.topicGroups, activeTraceparent() ?? ''],
    ]);
    const [what, at, settings] = reply as [Changed['what'], string, string];
    return { what, settings, partition, at: parsePosition(at) };
  }

  async #read(
    partition: number,
    keyOf: (keys: ReturnType<typeof partitionKeys>) => string,
    name: string,
  ): Promise<Named | undefined> {
    const text = await this.#asked(this.redis.hget(keyOf(partitionKeys(partition)), name));
    return text === null ? undefined : parseNamed(name, text);
  }

  async #readAll(
    partition: number,
    keyOf: (keys: ReturnType<typeof partitionKeys>) => string,
  ): Promise<Named[]> {
    const all = await this.#asked(this.redis.hgetall(keyOf(partitionKeys(partition))));
    const found = Object.entries(all).map(([name, text]) => parseNamed(name, text));
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #asked<T>(reply: Promise<T>): Promise<T> {
    return reply.catch((error: unknown) => Promise.reject(fromRedisError(error) as Error));
  }
}

export function parseNamed(name: string, settings: string): Named {
  const { createdAt, description } = JSON.parse(settings) as { createdAt: string; description: string };
  return { name, createdAt, description: description || null };
}
