import { alertKind } from '@concordat/contracts';
import { fromRedisError, LuaScript, type RedisConnection } from '@concordat/streams';
import { join } from 'node:path';
import { z } from 'zod';
import { type Alert, alertName } from './alert-rules';

const leaseScript = new LuaScript(join(__dirname, 'commands', 'hold-lease-1.lua'));
const leaseKey = 'cc:{bus.monitor}:lease';
/** Hash: what is up, by name. */
const alertsKey = 'cc:{bus.monitor}:alerts';

const kept = z.strictObject({ kind: alertKind, on: z.string(), tenant: z.string() });

/** What the gateways share of their watch: who is on it, and what has been raised. */
export class AlertStore {
  constructor(
    private readonly redis: RedisConnection,
    /** Names this process, and no other one before or after it. */
    private readonly holder: string,
    private readonly leaseMs: number,
  ) {}

  /** @returns whether this gateway is on the watch @throws ConcordatError SERVICE_UNAVAILABLE */
  async holdLease(): Promise<boolean> {
    return (await leaseScript.run(this.redis, [leaseKey], [this.holder, this.leaseMs])) === 1;
  }

  /** By name. @throws ConcordatError SERVICE_UNAVAILABLE */
  async raised(): Promise<Map<string, Alert>> {
    const all = await asked(this.redis.hgetall(alertsKey));
    return new Map(Object.entries(all).map(([name, text]) => [name, kept.parse(JSON.parse(text))]));
  }

  async keep({ kind, on, tenant }: Alert): Promise<void> {
    const alert = { kind, on, tenant };
    await asked(this.redis.hset(alertsKey, alertName(alert), JSON.stringify(alert)));
  }

  async drop(alert: Alert): Promise<void> {
    await asked(this.redis.hdel(alertsKey, alertName(alert)));
  }
}

const asked = <T>(reply: Promise<T>): Promise<T> =>
  reply.catch((error: unknown) => Promise.reject(fromRedisError(error) as Error));
