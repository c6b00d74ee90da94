import { type BridgeView } from '@concordat/contracts';
import { fromRedisError } from '@concordat/streams';
import type Redis from 'ioredis';
import { z } from 'zod';

/** The group by which agents read, as they are used to. */
export const agentGroup = 'agent_wavefront';

const record = z.strictObject({
  tenant: z.string(),
  did: z.string(),
  /** 16 hex digits, new with every bridge: names the user and the streams. */
  id: z.string(),
  /** SHA-256 in hex, as Redis keeps it; the password has 256 random bits. */
  passwordHash: z.string(),
  /** The command that made the password. */
  commandId: z.string(),
  createdAt: z.string(),
});

/** An agent that speaks Redis Streams. */
export type Bridge = z.infer<typeof record>;

/** The user of the agent in Redis. */
export const userOf = ({ id }: Pick<Bridge, 'id'>): string => `cc-bridge-${id}`;

/** The keys of a bridge; all are in one slot. */
export function keysOf({ tenant, id }: Pick<Bridge, 'tenant' | 'id'>) {
  const base = `cc:{bridge.${tenant}.${id}}`;
  return {
    in: `${base}:in`,
    out: `${base}:out`,
    /** That something was delivered, by message or by refused entry. */
    sent: (name: string): string => `${base}:sent:${name}`,
  };
}

export function viewOf(bridge: Bridge): BridgeView {
  const { in: inStream, out: outStream } = keysOf(bridge);
  const { did, createdAt } = bridge;
  return { did, user: userOf(bridge), inStream, outStream, group: agentGroup, createdAt };
}

const recordsKey = 'cc:{bridge}:records';
const fieldOf = ({ tenant, did }: Pick<Bridge, 'tenant' | 'did'>): string => `${tenant} ${did}`;

/** The bridges of all tenants, in the durable Redis: they are few, and every gateway serves all of them. */
export class BridgeStore {
  constructor(private readonly redis: Pick<Redis, 'hget' | 'hgetall' | 'hset' | 'hdel' | 'del'>) {}

  /** @throws ConcordatError SERVICE_UNAVAILABLE */
  async all(): Promise<Bridge[]> {
    const found = await this.#ask(this.redis.hgetall(recordsKey));
    return Object.values(found).map(parse);
  }

  /** By DID. @throws ConcordatError SERVICE_UNAVAILABLE */
  async ofTenant(tenant: string): Promise<Bridge[]> {
    const bridges = (await this.all()).filter((bridge) => bridge.tenant === tenant);
    return bridges.sort((one, other) => (one.did < other.did ? -1 : 1));
  }

  /** @throws ConcordatError SERVICE_UNAVAILABLE */
  async find(tenant: string, did: string): Promise<Bridge | undefined> {
    const text = await this.#ask(this.redis.hget(recordsKey, fieldOf({ tenant, did })));
    return text === null ? undefined : parse(text);
  }

  /** @throws ConcordatError SERVICE_UNAVAILABLE */
  async put(bridge: Bridge): Promise<void> {
    await this.#ask(this.redis.hset(recordsKey, fieldOf(bridge), JSON.stringify(bridge)));
  }

  /** @throws ConcordatError SERVICE_UNAVAILABLE */
  async delete(bridge: Bridge): Promise<void> {
    await this.#ask(this.redis.hdel(recordsKey, fieldOf(bridge)));
  }

  /** @throws ConcordatError SERVICE_UNAVAILABLE */
  async deleteStreams(bridge: Bridge): Promise<void> {
    const keys = keysOf(bridge);
    await this.#ask(this.redis.del(keys.in, keys.out));
  }

  #ask<T>(asked: Promise<T>): Promise<T> {
    return asked.catch((error: unknown) => Promise.reject(fromRedisError(error) as Error));
  }
}

const parse = (text: string): Bridge => record.parse(JSON.parse(text));
