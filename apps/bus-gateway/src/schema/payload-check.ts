import { ConcordatError, type JsonValue, limits } from '@concordat/contracts';
import { compileSchema, type PayloadChecker } from '@concordat/schema';
import QuickLRU from 'quick-lru';
import { CompileAllowance } from './compile-allowance';
import { type SchemaStore, versionName } from './schema-store';

/** Compiled schemas of one tenant, and tenants: a tenant with many schemas does not push out those of others. */
const schemasLimit = 64;
const tenantsLimit = 128;
const latestLimit = 10_000;

interface Latest {
  readonly version: Promise<number>;
  readonly askedAtMs: number;
}

/**
 * Holds payloads to their schemas. A version never changes, so it is compiled once; which one is the latest is asked
 * again after `limits.schemaAgeMs`, and what is not there is asked for every time.
 */
export class PayloadCheck {
  readonly #tenants = new QuickLRU<string, QuickLRU<string, Promise<PayloadChecker>>>({
    maxSize: tenantsLimit,
  });
  readonly #latest = new QuickLRU<string, Latest>({ maxSize: latestLimit });
  readonly #allowance: CompileAllowance;

  constructor(
    private readonly store: Pick<SchemaStore, 'get' | 'latest'>,
    private readonly monotonicMs: () => number,
  ) {
    this.#allowance = new CompileAllowance(monotonicMs);
  }

  /**
   * @param name `<type>/<version>`, or `<type>` for the latest version
   * @returns `<type>/<version>` of what the payload satisfies
   * @throws ConcordatError PAYLOAD_INVALID with the places, SCHEMA_UNKNOWN, OVERLOADED, SERVICE_UNAVAILABLE
   */
  async check(tenant: string, name: string, payload: JsonValue): Promise<string> {
    const [type, version] = name.split('/') as [string, string?];
    const known = version === undefined ? await this.#latestOf(tenant, type) : Number(version);
    const checker = await this.#checkerOf(tenant, type, known);
    const errors = checker(payload);
    if (errors.length === 0) return versionName(type, known);
    // The places may name what is in the payload: they are for the sender, not for the text of the error.
    throw new ConcordatError('PAYLOAD_INVALID', `The payload does not satisfy ${versionName(type, known)}.`, {
      errors,
    });
  }

  async #latestOf(tenant: string, type: string): Promise<number> {
    const key = `${tenant} ${type}`;
    const now = this.monotonicMs();
    const known = this.#latest.get(key);
    const isFresh = known !== undefined && now - known.askedAtMs < limits.schemaAgeMs;
    const latest = isFresh ? known : { version: this.store.latest(tenant, type), askedAtMs: now };
    this.#latest.set(key, latest);
    try {
      const version = await latest.version;
      if (version > 0) return version;
    } catch (error) {
      this.#latest.delete(key);
      throw error;
    }
    this.#latest.delete(key);
    throw new ConcordatError('SCHEMA_UNKNOWN');
  }

  /** Whoever asks while it is on its way waits for the same one. */
  async #checkerOf(tenant: string, type: string, version: number): Promise<PayloadChecker> {
    const schemas = this.#tenants.get(tenant) ?? new QuickLRU({ maxSize: schemasLimit });
    this.#tenants.set(tenant, schemas);
    const name = versionName(type, version);
    const checker = schemas.get(name) ?? this.#compile(tenant, type, version);
    schemas.set(name, checker);
    try {
      return await checker;
    } catch (error) {
      schemas.delete(name);
      throw error;
    }
  }

  async #compile(tenant: string, type: string, version: number): Promise<PayloadChecker> {
    const kept = await this.store.get(tenant, type, version);
    if (!kept) throw new ConcordatError('SCHEMA_UNKNOWN');
    return this.#allowance.spend(tenant, () => compileSchema(kept.record));
  }
}
