import type { LimitSetting } from '@concordat/contracts';
import QuickLRU from 'quick-lru';
import { type LimitStore, noLimits, type StoredLimits } from './limit-store';
import { within } from './shared-meters';

/** What was read is used for so long, and read anew beside the requests when half of that has passed. */
const ageMs = 1_000;
const renewMs = 500;
/** Longest wait of a request for the settings of its tenant. */
const answerMs = 100;
/** Tenants remembered at a time. */
const knownTenants = 10_000;

interface Known {
  stored: StoredLimits;
  readAtMs: number;
  triedAtMs: number;
  /** Nobody waits before: Redis did not answer in time. */
  waitsFromMs: number;
  reading: Promise<void> | undefined;
}

const unread = (stored: StoredLimits): Known => ({
  ...{ stored, reading: undefined },
  ...{ readAtMs: -Infinity, triedAtMs: -Infinity, waitsFromMs: -Infinity },
});

/** The limits of tenants as this gateway knows them, at most a second old while Redis answers. */
export class LimitSettings {
  readonly #tenants = new QuickLRU<string, Known>({ maxSize: knownTenants });

  constructor(
    private readonly store: Pick<LimitStore, 'read'>,
    private readonly monotonicMs: () => number,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** @returns by `<kind> <id>`. While Redis does not answer: what was known before, and at worst nothing */
  async of(tenant: string): Promise<ReadonlyMap<string, LimitSetting>> {
    const known = this.#known(tenant);
    const nowMs = this.monotonicMs();
    // Who was not answered is not asked again at once.
    if (nowMs - known.triedAtMs >= renewMs) this.#read(tenant, known);
    if (nowMs - known.readAtMs >= ageMs && nowMs >= known.waitsFromMs && known.reading)
      await within(known.reading, answerMs).catch(() => (known.waitsFromMs = this.monotonicMs() + ageMs));
    return known.stored.settings;
  }

  /** They were changed here: the next request reads them anew. */
  changed(tenant: string): void {
    this.#tenants.set(tenant, unread(this.#known(tenant).stored));
  }

  #known(tenant: string): Known {
    const known = this.#tenants.get(tenant) ?? unread(noLimits);
    this.#tenants.set(tenant, known);
    return known;
  }

  #read(tenant: string, known: Known): void {
    if (known.reading) return;
    const begunMs = (known.triedAtMs = this.monotonicMs());
    known.reading = this.store
      .read(tenant, known.stored)
      .then((stored) => {
        known.stored = stored;
        known.readAtMs = begunMs;
      })
      .catch(this.onError)
      .finally(() => (known.reading = undefined));
  }
}
