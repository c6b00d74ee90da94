import { join } from 'node:path';
import { limits } from '@concordat/contracts';
import type { Clock } from '@concordat/runtime';
import { type LuaArgument, LuaScript, type RedisConnection } from '@concordat/streams';
import { partitionKeys } from './partition';

const script = (name: string): LuaScript => new LuaScript(join(__dirname, 'commands', `${name}.lua`));

const scripts = {
  publish: script('publish-messages-1'),
  fetch: script('fetch-queues-1'),
  settle: script('settle-deliveries-1'),
  sweep: script('sweep-partition-1'),
  readMessage: script('read-message-1'),
  queueState: script('queue-state-1'),
  look: script('look-at-partition-1'),
  changeTopics: script('change-topics-1'),
  dropQueue: script('drop-queue-1'),
  listDeadLetters: script('list-dead-letters-1'),
  changeDeadLetters: script('change-dead-letters-1'),
};
export type PartitionScript = keyof typeof scripts;

/** State of a message after its end, for `message.get` and for repeated acknowledgements. */
export const keepEndedMs = limits.endedMessageSeconds * 1_000;
/** Payload handed out by one fetch: the message that reaches it is the last one. */
export const fetchBytes = limits.jsonBytes;
/** Events that wait for audit-service in one partition; a full feed refuses new messages. */
export const feedEvents = 1_000_000;

/**
 * The scripts of the bus. Each works in one partition, so in one slot: whatever it changes, and the audit events that
 * tell of it, change together or not at all, and survive a power cut when Redis runs with `appendfsync always`.
 */
export class PartitionScripts {
  constructor(
    private readonly redis: RedisConnection,
    private readonly clock: Clock,
  ) {}

  /** @throws ConcordatError SERVICE_UNAVAILABLE: the script may or may not have run */
  run(name: PartitionScript, partition: number, args: readonly LuaArgument[]): Promise<unknown> {
    const { source, events } = partitionKeys(partition);
    const common = [source, this.clock.nowMs(), this.clock.now().toISOString()];
    return scripts[name].run(this.redis, [events], [...common, ...args]);
  }
}
