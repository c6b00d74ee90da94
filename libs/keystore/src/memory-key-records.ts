import type { KeyRecord, KeyRecords } from './caching-keystore';

/** Wrapped keys in memory: for tests and simulations. */
export class MemoryKeyRecords implements KeyRecords {
  readonly #byKid: Map<string, KeyRecord>;

  constructor(records: readonly KeyRecord[] = []) {
    this.#byKid = new Map(records.map((record) => [record.kid, record]));
  }

  byPath(tenant: string, path: string): KeyRecord | undefined {
    return [...this.#byKid.values()].find((record) => record.tenant === tenant && record.path === path);
  }

  byKid(kid: string): KeyRecord | undefined {
    return this.#byKid.get(kid);
  }

  async insert(record: KeyRecord): Promise<KeyRecord> {
    const present = this.byPath(record.tenant, record.path);
    if (present) return present;
    this.#byKid.set(record.kid, record);
    return record;
  }

  async remove(tenant: string, path: string): Promise<string[]> {
    const start = this.byPath(tenant, path);
    const kids = start ? this.#below(start.kid) : [];
    for (const kid of kids) this.#byKid.delete(kid);
    return kids;
  }

  async purge(): Promise<void> {
    // Nothing is left in memory.
  }

  async close(): Promise<void> {
    this.#byKid.clear();
  }

  #below(kid: string): string[] {
    const children = [...this.#byKid.values()].filter((record) => record.parentKid === kid);
    return [kid, ...children.flatMap((child) => this.#below(child.kid))];
  }
}
