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
import type { EventLog, LogHead, MalformedEntry, ReadRequest } from './event-log';
import { streamKeys } from './keys';
import { LuaScript } from './lua-script';

const appendScript = new LuaScript(join(__dirname, 'commands', 'relay-append-2.lua'));
const epochScript = new LuaScript(join(__dirname, 'commands', 'begin-epoch-1.lua'));
const trimScript = new LuaScript(join(__dirname, 'commands', 'trim-consumed-2.lua'));

/** A source that nobody reads any more stops being published at this length; its owner keeps the events. */
const lengthLimit = 1_000_000;
/** Entries removed by one script: others wait no longer for Redis than that takes. */
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

  async read(
    requests: readonly ReadRequest[],
    count: number,
    onMalformed: (entry: MalformedEntry) => void = () => undefined,
  ): Promise<Map<string, EventEnvelope[]>> {
    const bySource = new Map(requests.map(({ source }) => [streamKeys.events(source), source]));
    const ids = requests.map(({ after }) => formatPosition(after));
    let reply;
    try {
      reply = await this.blocking.xread(
        'COUNT',
        count,
        'BLOCK',
        blockMs,
        'STREAMS',
        ...bySource.keys(),
        ...ids,
      );
    } catch (error) {
      throw fromRedisError(error);
    }
    const read = (reply ?? []).map(([key, entries]): [string, EventEnvelope[]] => {
      const source = bySource.get(key)!;
      return [source, toEnvelopes(source, entries as Entry[], onMalformed)];
    });
    return new Map(read.filter(([, entries]) => entries.length > 0));
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
    let trimmed = 0;
    for (;;) {
      const removed = Number(await trimScript.run(this.commands, keys, [keep, trimStep]));
      if (removed === 0) return trimmed;
      trimmed += removed;
    }
  }

  /**
   * For feeds and partitions of the bus, whose positions Redis gives out: begins a new epoch when the head is behind what
   * was seen, so that no position is used twice. @returns whether it was behind
   */
  async beginEpochIfBehind(source: string, seen: Position, epochMs: number): Promise<boolean> {
    return (
      (await epochScript.run(this.commands, [streamKeys.head(source)], [formatPosition(seen), epochMs])) === 1
    );
  }

  async close(): Promise<void> {
    this.commands.disconnect();
    this.blocking.disconnect();
  }
}

/** The entries up to the first malformed one. */
function toEnvelopes(
  source: string,
  entries: readonly Entry[],
  onMalformed: (entry: MalformedEntry) => void,
): EventEnvelope[] {
  const envelopes: EventEnvelope[] = [];
  for (const [entryId, fields] of entries) {
    try {
      envelopes.push(fromEntryFields(entryId, fields));
    } catch (error) {
      onMalformed({ source, entryId, reason: error instanceof Error ? error.message : String(error) });
      break;
    }
  }
  return envelopes;
}

function toHead([at, hash]: string[]): LogHead | undefined {
  if (at === undefined) return undefined;
  const position = parsePosition(at);
  if (!position) throw new Error(`the head of a stream is not a position: ${at}`);
  return { at: position, hash: hash ?? '' };
}
