import { ConcordatError } from '@concordat/contracts';
import { fromRedisError } from '@concordat/streams';
import type Redis from 'ioredis';
import { agentGroup, type Bridge, keysOf, userOf } from './bridge-store';

/** The group by which gateways read what agents write. */
export const gatewayGroup = 'concordat';

/**
 * The users of agents in Redis. Each may append to its own inbound stream, read and acknowledge its own outbound stream
 * as a member of a group, and nothing else: the stream that an entry is in proves who wrote it.
 */
export class RedisUsers {
  constructor(private readonly redis: Pick<Redis, 'call' | 'xgroup'>) {}

  /**
   * Makes the user, or changes its rights at once, also for connections that it has.
   * @param mayWrite false while its inbound stream is full
   * @throws ConcordatError BRIDGE_UNAVAILABLE, SERVICE_UNAVAILABLE
   */
  async set(bridge: Bridge, mayWrite: boolean): Promise<void> {
    const { in: inStream, out } = keysOf(bridge);
    const rights = ['+ping', ...(mayWrite ? ['+xadd'] : []), `(%RW~${out} +xreadgroup +xack)`];
    const secret = `#${bridge.passwordHash}`;
    await this.#acl(
      'SETUSER',
      userOf(bridge),
      'reset',
      'on',
      'sanitize-payload',
      secret,
      `%W~${inStream}`,
      ...rights,
    );
  }

  /** @throws ConcordatError BRIDGE_UNAVAILABLE, SERVICE_UNAVAILABLE */
  async requireRights(): Promise<void> {
    await this.remove({ id: 'none' });
  }

  /** Ends its connections too. @throws ConcordatError BRIDGE_UNAVAILABLE, SERVICE_UNAVAILABLE */
  async remove(bridge: Pick<Bridge, 'id'>): Promise<void> {
    await this.#acl('DELUSER', userOf(bridge));
  }

  /** Both streams with their groups; what is there stays. @throws ConcordatError SERVICE_UNAVAILABLE */
  async provideStreams(bridge: Bridge): Promise<void> {
    const { in: inStream, out } = keysOf(bridge);
    for (const [stream, group] of [[inStream, gatewayGroup] as const, [out, agentGroup] as const]) {
      try {
        await this.redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM');
      } catch (error) {
        if (!(error as Error).message.startsWith('BUSYGROUP')) throw refusalOf(error);
      }
    }
  }

  async #acl(...args: string[]): Promise<void> {
    try {
      await this.redis.call('ACL', ...args);
    } catch (error) {
      throw refusalOf(error);
    }
  }
}

function refusalOf(error: unknown): unknown {
  if (/^(NOPERM|NOAUTH|WRONGPASS)/.test((error as Error).message))
    return new ConcordatError('BRIDGE_UNAVAILABLE', 'Redis lets the gateway make no users.', {
      cause: error,
    });
  return fromRedisError(error);
}
