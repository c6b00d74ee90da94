import { join } from 'node:path';
import { limits, type OperationOutput } from '@concordat/contracts';
import { fromRedisError, LuaScript, type RedisConnection } from '@concordat/streams';

const putScript = new LuaScript(join(__dirname, 'commands', 'put-schema-4.lua'));

/** What is kept of a version, but for its name. */
export type SchemaRecord = Omit<OperationOutput<'schema.get'>, 'type' | 'version'>;

export interface KeptSchema {
  readonly digest: string;
  readonly record: SchemaRecord;
}

/** The keys of a tenant; all are in one slot. */
const keysOf = (tenant: string) => {
  const base = `cc:{schemas.${tenant}}`;
  return {
    latest: `${base}:latest`,
    records: `${base}:records`,
    bytes: `${base}:bytes`,
    unannounced: `${base}:unannounced`,
  };
};

export const versionName = (type: string, version: number): string => `${type}/${version}`;

/** The schemas of payloads, in the durable Redis. A version that is there stays as it is, so it can be cached for ever. */
export class SchemaStore {
  constructor(private readonly redis: RedisConnection) {}

  /** @throws ConcordatError SCHEMA_VERSION_TAKEN, SCHEMA_LIMIT_REACHED, VERSION_CONFLICT, SERVICE_UNAVAILABLE */
  async put(
    tenant: string,
    type: string,
    version: number,
    { digest, record }: KeptSchema,
  ): Promise<SchemaRecord> {
    const { latest, records, bytes, unannounced } = keysOf(tenant);
    const kept = await putScript.run(
      this.redis,
      [latest, records, bytes, unannounced],
      [
        ...[type, version, digest, JSON.stringify(record)],
        ...[limits.schemaTypes, limits.schemaVersions, limits.schemaStoreBytes],
      ],
    );
    return toKept(kept as string).record;
  }

  /** @throws ConcordatError SERVICE_UNAVAILABLE */
  async get(tenant: string, type: string, version: number): Promise<KeptSchema | undefined> {
    const kept = await this.#ask(this.redis.hget(keysOf(tenant).records, versionName(type, version)));
    return kept === null ? undefined : toKept(kept);
  }

  /** @returns 0 when there is none; @throws ConcordatError SERVICE_UNAVAILABLE */
  async latest(tenant: string, type: string): Promise<number> {
    return Number(await this.#ask(this.redis.hget(keysOf(tenant).latest, type)));
  }

  /** @returns the latest version by type; @throws ConcordatError SERVICE_UNAVAILABLE */
  async types(tenant: string): Promise<ReadonlyMap<string, number>> {
    const versions = await this.#ask(this.redis.hgetall(keysOf(tenant).latest));
    return new Map(Object.entries(versions).map(([type, version]) => [type, Number(version)]));
  }

  /** @throws ConcordatError SERVICE_UNAVAILABLE */
  async isAnnounced(tenant: string, type: string, version: number): Promise<boolean> {
    const isWaiting = this.redis.sismember(keysOf(tenant).unannounced, versionName(type, version));
    return (await this.#ask(isWaiting)) === 0;
  }

  /** @throws ConcordatError SERVICE_UNAVAILABLE */
  async markAnnounced(tenant: string, type: string, version: number): Promise<void> {
    await this.#ask(this.redis.srem(keysOf(tenant).unannounced, versionName(type, version)));
  }

  #ask<T>(asked: Promise<T>): Promise<T> {
    return asked.catch((error: unknown) => Promise.reject(fromRedisError(error) as Error));
  }
}

function toKept(text: string): KeptSchema {
  const cut = text.indexOf(' ');
  return { digest: text.slice(0, cut), record: JSON.parse(text.slice(cut + 1)) as SchemaRecord };
}
