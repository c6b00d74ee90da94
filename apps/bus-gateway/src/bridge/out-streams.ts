import { join } from 'node:path';
import { limits } from '@concordat/contracts';
import { LuaScript, type RedisConnection } from '@concordat/streams';
import { agentGroup, type Bridge, keysOf } from './bridge-store';

const script = (name: string): LuaScript => new LuaScript(join(__dirname, 'commands', `${name}.lua`));
const makeRoom = script('make-room-1');
const deliverEntry = script('deliver-entry-2');

/** Longer than a message can be leased again and again. */
const rememberMs = limits.messageIdempotencySeconds * 1_000;

/** What agents read: bounded, and each entry there once. */
export class OutStreams {
  constructor(private readonly redis: RedisConnection) {}

  /** Takes out what the agent has acknowledged. @returns how many entries have room @throws ConcordatError SERVICE_UNAVAILABLE */
  async room(bridge: Bridge): Promise<number> {
    const args = [agentGroup, limits.bridgeEntries];
    return (await makeRoom.run(this.redis, [keysOf(bridge).out], args)) as number;
  }

  /**
   * Durable when it resolves.
   * @param name of what is delivered: it is not delivered twice
   * @returns whether it is there; false when the stream is full or gone
   * @throws ConcordatError SERVICE_UNAVAILABLE
   */
  async deliver(bridge: Bridge, name: string, fields: readonly string[]): Promise<boolean> {
    const { out, sent } = keysOf(bridge);
    const args = [agentGroup, limits.bridgeEntries, rememberMs, ...fields];
    return (await deliverEntry.run(this.redis, [out, sent(name)], args)) === 'sent';
  }
}
