import { limits, limitSetting, type LimitSetting } from '@concordat/contracts';
import { fromRedisError, LuaScript, type RedisConnection } from '@concordat/streams';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

const putScript = new LuaScript(join(__dirname, 'commands', 'put-limit-1.lua'));

const keyOf = (tenant: string): string => `cc:{limits.${tenant}}:settings`;
/** How a subject is named among those of its tenant. */
export const subjectName = ({ kind, id }: Pick<LimitSetting, 'kind' | 'id'>): string => `${kind} ${id}`;

/** The settings of a tenant as they were read. */
export interface StoredLimits {
  /** Another one after every change. */
  readonly revision: string;
  /** By `<kind> <id>`; settings that have not changed since the reading before are the same objects. */
  readonly settings: ReadonlyMap<string, LimitSetting>;
}

export const noLimits: StoredLimits = { revision: '', settings: new Map() };

/** The limits that administrators have set, in the durable Redis. */
export class LimitStore {
  constructor(private readonly redis: RedisConnection) {}

  /** @throws ConcordatError LIMIT_SETTINGS_FULL, SERVICE_UNAVAILABLE */
  async put(tenant: string, setting: LimitSetting): Promise<void> {
    await this.#write(tenant, subjectName(setting), JSON.stringify(setting));
  }

  /** @returns whether there was one @throws ConcordatError SERVICE_UNAVAILABLE */
  async delete(tenant: string, subject: Pick<LimitSetting, 'kind' | 'id'>): Promise<boolean> {
    return (await this.#write(tenant, subjectName(subject), '')) === 1;
  }

  /** @param known what was read before @throws ConcordatError SERVICE_UNAVAILABLE */
  async read(tenant: string, known: StoredLimits = noLimits): Promise<StoredLimits> {
    try {
      const revision = (await this.redis.hget(keyOf(tenant), 'revision')) ?? '';
      if (revision === known.revision) return known;
      const { revision: current = '', ...fields } = await this.redis.hgetall(keyOf(tenant));
      const settings = Object.entries(fields).map(([name, text]) => {
        const read = limitSetting.parse(JSON.parse(text));
        const before = known.settings.get(name);
        return [name, before && JSON.stringify(before) === JSON.stringify(read) ? before : read] as const;
      });
      return { revision: current, settings: new Map(settings) };
    } catch (error) {
      throw fromRedisError(error);
    }
  }

  #write(tenant: string, name: string, text: string): Promise<unknown> {
    return putScript.run(this.redis, [keyOf(tenant)], [name, text, randomUUID(), limits.limitSettings]);
  }
}
