/** How long rows are kept: days, or for ever. */
export const retentionClasses = ['d30', 'd90', 'd365', 'forever'] as const;
export type RetentionClass = (typeof retentionClasses)[number];
export const defaultClass: RetentionClass = 'd90';
/** Where rows go that a legal hold keeps beyond their class. */
export const heldClass = 'held';

export type Keep = 30 | 90 | 365 | 'forever';
export const classOf = (keep: Keep): RetentionClass => (keep === 'forever' ? 'forever' : `d${keep}`);
export const keepOf = (name: RetentionClass): Keep =>
  name === 'forever' ? name : (Number(name.slice(1)) as Keep);

const dayMs = 86_400_000;
const weekMs = 7 * dayMs;
/** 1970-01-05, a Monday. */
const firstMondayMs = 4 * dayMs;

/** A stretch of time in UTC, milliseconds since 1970: from `fromMs` on, before `toMs`. */
export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The period of its class that holds a time: a day, a week from Monday, a month, a year. Periods leave no gap. */
export function periodAt(name: RetentionClass, ms: number): Period {
  const at = new Date(ms);
  switch (name) {
    case 'd30':
      return stepAt(ms, 0, dayMs);
    case 'd90':
      return stepAt(ms, firstMondayMs, weekMs);
    case 'd365': {
      const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
      return { fromMs: Date.UTC(year, month), toMs: Date.UTC(year, month + 1) };
    }
    case 'forever':
      return { fromMs: Date.UTC(at.getUTCFullYear(), 0), toMs: Date.UTC(at.getUTCFullYear() + 1, 0) };
    default:
      return name satisfies never;
  }
}

const stepAt = (ms: number, origin: number, width: number): Period => {
  const fromMs = Math.floor((ms - origin) / width) * width + origin;
  return { fromMs, toMs: fromMs + width };
};

/** All periods of a class from the one that holds a time up to the one that holds another. */
export function periodsBetween(name: RetentionClass, firstMs: number, lastMs: number): Period[] {
  const periods: Period[] = [];
  for (let at = firstMs; at <= lastMs; at = periods.at(-1)!.toMs) periods.push(periodAt(name, at));
  return periods;
}

/** When a whole period is older than its class: then it may go. Infinity for what is kept for ever. */
export function dueMs(name: RetentionClass, { toMs }: Period): number {
  const keep = keepOf(name);
  return keep === 'forever' ? Infinity : toMs + keep * dayMs;
}

/** The oldest time that a class still keeps; -Infinity for what is kept for ever. */
export function keptSinceMs(name: RetentionClass, nowMs: number): number {
  const keep = keepOf(name);
  return keep === 'forever' ? -Infinity : nowMs - keep * dayMs;
}

/** `audit_events_d90_2026_11_23`: the table of a period, by its first day. */
export function partitionName(table: string, name: RetentionClass, { fromMs }: Period): string {
  const day = new Date(fromMs).toISOString().slice(0, 10).replaceAll('-', '_');
  const parts = { d30: 10, d90: 10, d365: 7, forever: 4 } as const;
  return `${table}_${name}_${day.slice(0, parts[name])}`;
}
