import { join } from 'node:path';
import {
  type EventEnvelope,
  formatPosition,
  fromEntryFields,
  parsePosition,
  type Position,
  toEntryFields,
} from '@concordat/contracts';
import type Redis from 'ioredis';
import { blockMs, fromRedisError } from './connection';
import type { EventLog, LogHead, ReadRequest } from './event-log';
import { streamKeys } from './keys';
import { LuaScript } from './lua-script';

const appendScript = new LuaScript(join(__dirname, 'commands', 'relay-append-2.lua'));
const trimScript = new LuaScript(join(__dirname, 'commands', 'trim-consumed-2.lua'));

/** A source that nobody reads any more stops being published at this length; its owner keeps the events. */
const lengthLimit = 1_000_000;
const trimStep = 1_000;

type Entry = [id: string, fields: string[]];

/** Event streams in Redis. `commands` is for everything but `read`, which waits on a connection of its own. */
export class RedisEventLog implements EventLog {
  constructor(
    private readonly commands: Redis,
    private readonly blocking: Redis,
  ) {}

  async head(source: string): Promise<LogHead | undefined> {
    try {
      const [at, hash] = await this.commands.hmget(streamKeys.head(source), 'at', 'hash');
      return at ? toHead([at, hash ?? '']) : undefined;
    } catch (error) {
      throw fromRedisError(error);
    }
  }

  async append(
    source: string,
    expected: Position,
    entries: readonly EventEnvelope[],
  ): Promise<LogHead | undefined> {
    const parts = entries.flatMap((entry) => {
      const fields = toEntryFields(entry);
      return [formatPosition(entry.at), fields.length, ...fields];
    });
    const args = [
      formatPosition(expected),
      lengthLimit,
      entries.at(-1)?.hash ?? '',
      entries.length,
      ...parts,
    ];
    const reply = await appendScript.run(
      this.commands,
      [streamKeys.events(source), streamKeys.head(source)],
      args,
    );
    return toHead(reply as string[]);
  }

  async read(requests: readonly ReadRequest[], count: number): Promise<Map<string, EventEnvelope[]>> {
    const keys = requests.map(({ source }) => streamKeys.events(source));
    const ids = requests.map(({ after }) => formatPosition(after));
    try {
      const reply = await this.blocking.xread('COUNT', count, 'BLOCK', blockMs, 'STREAMS', ...keys, ...ids);
      const bySource = new Map(keys.map((key, index) => [key, requests[index]!.source]));
      return new Map(
        (reply ?? []).map(([key, entries]) => [
          bySource.get(key)!,
          (entries as Entry[]).map(([id, fields]) => fromEntryFields(id, fields)),
        ]),
      );
    } catch (error) {
      throw fromRedisError(error);
    }
  }

  async saveCursor(source: string, reader: string, at: Position): Promise<void> {
    try {
      await this.commands.hset(streamKeys.cursors(source), reader, formatPosition(at));
    } catch (error) {
      throw fromRedisError(error);
    }
  }

  async trim(source: string, keep: number): Promise<number> {
    const keys = [streamKeys.events(source), streamKeys.cursors(source)];
    return Number(await trimScript.run(this.commands, keys, [keep, trimStep]));
  }

  async close(): Promise<void> {
    this.commands.disconnect();
    this.blocking.disconnect();
  }
}

function toHead([at, hash]: string[]): LogHead | undefined {
  if (at === undefined) return undefined;
  const position = parsePosition(at);
  if (!position) throw new Error(`the head of a stream is not a position: ${at}`);
  return { at: position, hash: hash ?? '' };
}
