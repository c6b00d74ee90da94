import { join } from 'node:path';
import {
  type EventEnvelope,
  formatPosition,
  fromEntryFields,
  parsePosition,
  type Position,
  toEntryFields,
} from '@concordat/contracts';
import { streamReader } from './connection';
import type { RedisConnection } from './redis-connection';
import { fromRedisError } from './redis-error';
import type { StreamEntry, StreamReader } from './stream-reader';
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

/** Event streams in Redis. `commands` is for everything but `read`, which waits on a connection of its own. */
export class RedisEventLog implements EventLog {
  readonly #reader: StreamReader;

  constructor(
    private readonly commands: RedisConnection,
    blocking: RedisConnection,
  ) {
    this.#reader = streamReader(blocking);
  }

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
    const places = new Map(
      requests.map(({ source, after }) => [streamKeys.events(source), formatPosition(after)]),
    );
    const { entries, failed } = await this.#reader.read(places, count);
    // What came is handed over first: the reader tries the others again, and their failure is told when it lasts.
    const [failure] = failed.values();
    if (failure && entries.size === 0) throw fromRedisError(failure);
    const read = requests.map(({ source }): [string, EventEnvelope[]] => [
      source,
      toEnvelopes(source, entries.get(streamKeys.events(source)) ?? [], onMalformed),
    ]);
    return new Map(read.filter(([, envelopes]) => envelopes.length > 0));
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
    this.#reader.close();
  }
}

/** The entries up to the first malformed one. */
function toEnvelopes(
  source: string,
  entries: readonly StreamEntry[],
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
