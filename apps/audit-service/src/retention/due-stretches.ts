import type { Setting } from './layout';
import { defaultClass, keptSinceMs, type Period, periodAt, type RetentionClass } from './retention-class';

/** A time of which nothing is kept any more that has come in it. `fromMs` may be -Infinity. */
export interface DueStretch extends Period {
  readonly retentionClass: RetentionClass;
}

/**
 * What is over of a tenant's time, one stretch for each class that it had: rows without partitions go by it. Whole periods,
 * as partitions do, so that what one run finds is not a little of every hour.
 * @param settings of one tenant and kind, in the order of `sinceMs`; each counts after its time, up to that of the next
 */
export function dueStretches(
  settings: readonly Pick<Setting, 'sinceMs' | 'retentionClass'>[],
  nowMs: number,
): DueStretch[] {
  const history = [{ sinceMs: -Infinity, retentionClass: defaultClass }, ...settings];
  return history.flatMap(({ sinceMs, retentionClass }, i) => {
    const keptMs = keptSinceMs(retentionClass, nowMs);
    if (keptMs === -Infinity) return [];
    const nextMs = (history[i + 1]?.sinceMs ?? Infinity) + 1;
    const stretch = {
      fromMs: sinceMs + 1,
      toMs: Math.min(nextMs, periodAt(retentionClass, keptMs).fromMs),
      retentionClass,
    };
    return stretch.fromMs < stretch.toMs ? [stretch] : [];
  });
}
