import { join } from 'node:path';
import { blockMs } from '../node-connection';
import { type RedisConnection, untilBack } from '../redis-connection';
import { fromRedisError } from '../redis-error';
import { LuaScript } from '../lua-script';
import { fromFrameFields, type StreamFrame, toFrameFields, type UnknownSession } from './frames';

const sendScript = new LuaScript(join(__dirname, '..', 'commands', 'rpc-send-1.lua'));

const lengthLimit = 10_000;
/** A stream that nobody reads or writes for so long belongs to a process that is gone. */
const abandonedMs = 60_000;

/** @throws ConcordatError OVERLOADED when the receiver does not read; SERVICE_UNAVAILABLE when Redis does not answer */
export async function sendFrame(
  redis: RedisConnection,
  key: string,
  frame: StreamFrame | UnknownSession,
): Promise<void> {
  const fields = 'unknownSession' in frame ? ['u', frame.unknownSession] : toFrameFields(frame);
  await sendScript.run(redis, [key], [lengthLimit, abandonedMs, ...fields]);
}

export interface FrameReaderOptions {
  /** A connection of its own. */
  readonly blocking: RedisConnection;
  /** For removing what was read. */
  readonly commands: RedisConnection;
  readonly key: string;
  readonly onFrame: (frame: StreamFrame | UnknownSession) => void;
  readonly onError: (error: unknown) => void;
}

type RawReply = [key: Buffer, entries: [id: Buffer, fields: Buffer[]][]][] | null;

/** The one reader of a stream of frames: hands every frame over once, in order, and removes it. */
export class FrameReader {
  #after = '0-0';
  #isStopped = false;
  #loop: Promise<void> | undefined;

  constructor(private readonly options: FrameReaderOptions) {}

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.options.blocking.disconnect();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#read();
      } catch (error) {
        if (this.#isStopped) return;
        // This Redis stores nothing: after a restart its ids may begin lower.
        this.#after = '0-0';
        this.options.onError(fromRedisError(error));
        await untilBack(this.options.blocking);
      }
    }
  }

  async #read(): Promise<void> {
    const { blocking, key, onFrame } = this.options;
    const reply = (await blocking.xreadBuffer(
      'COUNT',
      200,
      'BLOCK',
      blockMs,
      'STREAMS',
      key,
      this.#after,
    )) as RawReply;
    // A clock that was set back gives lower ids than those read before. What is read twice is refused as a replay.
    if (!reply) this.#after = '0-0';
    for (const [, entries] of reply ?? []) {
      for (const [id, fields] of entries) {
        this.#after = id.toString();
        const frame = fromFrameFields(fields);
        if (frame) onFrame(frame);
      }
      this.#forget();
    }
  }

  #forget(): void {
    const { commands, key } = this.options;
    const [time, sequence] = this.#after.split('-');
    // Entries below the one after the last that was read; a failure leaves them to the next time.
    commands.xtrim(key, 'MINID', `${time}-${Number(sequence) + 1}`).catch(() => undefined);
  }
}
