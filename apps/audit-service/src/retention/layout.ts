import { lastingClass } from './lasting-events';
import { defaultClass, dueMs, keptSinceMs, type Period, periodAt, periodsBetween } from './retention-class';
import type { RetentionClass } from './retention-class';
import { type DataKind, dataKinds } from './retention-rows';

/** Milliseconds since 1970: what the clock says, and the time of the log, which never goes back. */
export interface Times {
  readonly nowMs: number;
  readonly loggedMs: number;
}

export interface Setting {
  readonly tenant: string;
  readonly kind: DataKind;
  readonly sinceMs: number;
  readonly retentionClass: RetentionClass;
}

export interface Partition extends Period {
  readonly kind: DataKind;
  readonly retentionClass: RetentionClass;
  readonly isClosed: boolean;
}

/** How much the clock of whoever gives messages their ids may be ahead of ours; and when a new setting begins to count. */
export const aheadMs = 60_000;

const keyOf = (kind: DataKind, name: RetentionClass, fromMs: number): string => `${kind} ${name} ${fromMs}`;

/** Which partitions there are, and what belongs into which. Counts up its version whenever it changes. */
export class Layout {
  readonly #history = new Map<string, readonly Setting[]>();
  readonly #known: ReadonlySet<string>;
  readonly #open: ReadonlySet<string>;
  readonly #used: ReadonlyMap<string, Omit<Setting, 'tenant'>>;

  /** @param settings of all tenants, each kind in the order of `sinceMs` */
  constructor(
    readonly version: number,
    settings: readonly Setting[],
    readonly partitions: readonly Partition[],
  ) {
    for (const setting of settings) {
      const name = `${setting.tenant} ${setting.kind}`;
      this.#history.set(name, [...(this.#history.get(name) ?? []), setting]);
    }
    const namesOf = (some: readonly Partition[]): ReadonlySet<string> =>
      new Set(some.map(({ kind, retentionClass, fromMs }) => keyOf(kind, retentionClass, fromMs)));
    this.#known = namesOf(partitions);
    this.#open = namesOf(partitions.filter(({ isClosed }) => !isClosed));
    this.#used = usedClasses([...this.#history.values()]);
  }

  /** The setting that counts for what came at a time; undefined when the tenant had not chosen then. */
  settingAt(tenant: string, kind: DataKind, ms: number): Setting | undefined {
    return this.#history.get(`${tenant} ${kind}`)?.findLast(({ sinceMs }) => sinceMs < ms);
  }

  classAt(tenant: string, kind: DataKind, ms: number): RetentionClass {
    return this.settingAt(tenant, kind, ms)?.retentionClass ?? defaultClass;
  }

  /** Whether there is a partition for a time, and it is written into. */
  has(kind: DataKind, name: RetentionClass, ms: number): boolean {
    return this.#open.has(keyOf(kind, name, periodAt(name, ms).fromMs));
  }

  /** Whether everything that can come now has its partition. */
  covers({ nowMs, loggedMs }: Times): boolean {
    const times = [nowMs, nowMs + aheadMs, loggedMs, loggedMs + aheadMs];
    return [...this.#used.values()].every(({ kind, retentionClass }) =>
      times.every((ms) => this.has(kind, retentionClass, ms)),
    );
  }

  /**
   * Partitions that should be there and are not: for each class in use that of the time and the next two. Messages are
   * dated by their ids, and may come late: for them also those that the class still keeps, since it is in use.
   */
  missing({ nowMs, loggedMs }: Times): Omit<Partition, 'isClosed'>[] {
    return [...this.#used.values()].flatMap(({ kind, retentionClass, sinceMs }) => {
      const keptMs = Math.max(sinceMs, keptSinceMs(retentionClass, nowMs));
      const firstMs = kind === 'messages' && Number.isFinite(keptMs) ? Math.min(nowMs, keptMs) : nowMs;
      const periods = [firstMs, loggedMs].flatMap((first, i) =>
        periodsBetween(retentionClass, first, endOf(retentionClass, i === 0 ? nowMs : loggedMs)),
      );
      const byStart = new Map(periods.map((period) => [period.fromMs, period]));
      return [...byStart.values()]
        .filter((period) => dueMs(retentionClass, period) > nowMs)
        .filter(({ fromMs }) => !this.#known.has(keyOf(kind, retentionClass, fromMs)))
        .map((period) => ({ kind, retentionClass, ...period }));
    });
  }
}

/** The beginning of the last period that is made ahead. */
const endOf = (name: RetentionClass, ms: number): number => periodAt(name, periodAt(name, ms).toMs).toMs;

/** The default, where events lie that last, and what tenants have chosen last, each since it was first chosen. */
function usedClasses(histories: readonly (readonly Setting[])[]): Map<string, Omit<Setting, 'tenant'>> {
  const used = new Map<string, Omit<Setting, 'tenant'>>();
  for (const kind of dataKinds)
    used.set(`${kind} ${defaultClass}`, { kind, retentionClass: defaultClass, sinceMs: -Infinity });
  used.set(`events ${lastingClass}`, { kind: 'events', retentionClass: lastingClass, sinceMs: -Infinity });
  for (const history of histories) {
    const { kind, retentionClass } = history.at(-1)!;
    const sinceMs = history.find((setting) => setting.retentionClass === retentionClass)!.sinceMs;
    const before = used.get(`${kind} ${retentionClass}`)?.sinceMs ?? Infinity;
    used.set(`${kind} ${retentionClass}`, { kind, retentionClass, sinceMs: Math.min(before, sinceMs) });
  }
  return used;
}
