import { type AlertKind, limits } from '@concordat/contracts';
import { feedEvents } from '../bus/partition-scripts';

/** What has been raised and not cleared. */
export interface Alert {
  readonly kind: AlertKind;
  /** Address of a queue, or source of a partition. */
  readonly on: string;
  /** Whose queue it is; of a partition, the tenant of the operator. */
  readonly tenant: string;
}

export interface Reading extends Alert {
  /** undefined: not known, so nothing is raised and nothing cleared */
  readonly value: number | undefined;
}

export interface Change extends Alert {
  readonly past: 'raised' | 'cleared';
  readonly value: number;
  readonly threshold: number;
}

/** Raised at the one, cleared below the other: what swings around a threshold is told once. */
export const thresholds: Readonly<Record<AlertKind, { readonly raise: number; readonly clear: number }>> = {
  /** Messages in a queue, dead letters included, before it refuses. */
  inboxFull: { raise: limits.inboxMessages * 0.9, clear: limits.inboxMessages * 0.8 },
  /** Events in the feed of a partition, before it refuses. */
  feedBacklog: { raise: feedEvents / 2, clear: feedEvents * 0.4 },
  /** Seconds that a message has waited in a partition: half an hour. */
  oldestWait: { raise: 1_800, clear: 900 },
  /** Dead letters that have come to a partition within a minute. */
  deadLetters: { raise: 10, clear: 1 },
};

/** Alerts that are up at a time; further ones wait until there is room. */
const alertsAtOnce = 1_000;

export const alertName = ({ kind, tenant, on }: Alert): string => `${kind} ${tenant} ${on}`;

/**
 * What readings change of the alerts that are up.
 * @param raised by `alertName`
 */
export function changesOf(raised: ReadonlyMap<string, Alert>, readings: readonly Reading[]): Change[] {
  let room = alertsAtOnce - raised.size;
  return readings.flatMap(({ value, ...alert }): Change[] => {
    const { raise, clear } = thresholds[alert.kind];
    if (value === undefined) return [];
    if (raised.has(alertName(alert)))
      return value < clear ? [{ ...alert, past: 'cleared', value, threshold: clear }] : [];
    if (value < raise || room <= 0) return [];
    room--;
    return [{ ...alert, past: 'raised', value, threshold: raise }];
  });
}
