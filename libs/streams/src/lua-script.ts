import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { RedisConnection } from './redis-connection';
import { fromRedisError } from './redis-error';

export type LuaArgument = string | number | Buffer;

/**
 * A Lua script as a function. The file is named `<name>-<number of keys>.lua`; its header lists KEYS and ARGV and says
 * what it promises. A line `-- include <file>` stands for a file beside it. Sent by its hash; a Redis that lost it (a
 * restart) is given the text again.
 */
export class LuaScript {
  readonly name: string;
  readonly keyCount: number;
  readonly #text: string;
  readonly #sha: string;

  constructor(file: string) {
    const match = /^([a-z-]+)-(\d+)\.lua$/.exec(basename(file));
    if (!match) throw new Error(`${file}: a script is named <name>-<number of keys>.lua`);
    this.name = match[1]!;
    this.keyCount = Number(match[2]);
    this.#text = readWithIncludes(file);
    this.#sha = createHash('sha1').update(this.#text).digest('hex');
  }

  /** @throws ConcordatError: the refusal of the script, or SERVICE_UNAVAILABLE */
  async run(redis: RedisConnection, keys: readonly string[], args: readonly LuaArgument[]): Promise<unknown> {
    if (keys.length !== this.keyCount)
      throw new Error(`${this.name} takes ${this.keyCount} keys, not ${keys.length}`);
    try {
      return await redis.evalsha(this.#sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw fromRedisError(error);
    }
    try {
      return await redis.eval(this.#text, keys.length, ...keys, ...args);
    } catch (error) {
      throw fromRedisError(error);
    }
  }
}

const readWithIncludes = (file: string): string =>
  readFileSync(file, 'utf8').replace(/^-- include (\S+)$/gm, (_line, name: string) =>
    readWithIncludes(join(dirname(file), name)),
  );
