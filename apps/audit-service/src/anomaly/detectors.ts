import type { Judgement, Rules } from './rules';
import { anscombe, binomialTailBound, inverseAnscombe, median, poissonTail, robustDeviation } from './tails';

/** What an agent did in a window. */
export interface Counts {
  /** Messages that it sent. */
  readonly sent: number;
  /** Different ones that it sent to. */
  readonly recipients: number;
  /** Those of them that it had never sent to. */
  readonly fresh: number;
  /** Messages from or to it that were acknowledged, failed or expired, and those that were not acknowledged. */
  readonly ended: number;
  readonly failed: number;
}

/** What is known of an agent before a window. */
export interface Past {
  /** Windows in which it was active, as they are remembered. */
  readonly history: readonly Counts[];
  /** Messages that it has ever sent, and counterparties that it has sent to exactly once. */
  readonly messages: number;
  readonly once: number;
  /** It has so many counterparties that they are not told apart any more. */
  readonly isSaturated: boolean;
}

/** What is unlike before in a window; nothing while there is not enough to compare with. */
export const judge = (window: Counts, past: Past, rules: Rules): Judgement[] =>
  [
    rules.errorRate.enabled && errorRate(window, past, rules),
    rules.volume.enabled && surge('volume', 'sent', window, past, rules),
    rules.fanOut.enabled && surge('fanOut', 'recipients', window, past, rules),
    rules.newCounterparty.enabled && newCounterparty(window, past, rules),
  ].filter((judgement) => judgement !== false && judgement !== undefined);

/** A window as it is remembered: what was an anomaly counts up to its threshold, so that it does not become the measure. */
export function tempered(window: Counts, past: Past, rules: Rules): Counts {
  const most = (of: Surging): number => surgeLimit(of, window, past, rules)?.threshold ?? Infinity;
  return {
    ...window,
    sent: Math.min(window.sent, most('sent')),
    recipients: Math.min(window.recipients, most('recipients')),
    failed: Math.min(window.failed, failureLimit(window, past, rules)?.count ?? Infinity),
  };
}

type Surging = 'sent' | 'recipients';

/** @returns undefined when the window is below the minimum, or there is not enough to compare with */
function surgeLimit(
  of: Surging,
  window: Counts,
  { history }: Past,
  { warmUpWindows, volume, fanOut }: Rules,
): { threshold: number; usual: number } | undefined {
  const rule = of === 'sent' ? volume : fanOut;
  if (window[of] < rule.minimum) return undefined;
  const counts = history.flatMap((past) => (past.sent > 0 ? past[of] : []));
  if (counts.length < warmUpWindows) return undefined;
  return { threshold: surgeThreshold(counts, rule), usual: median(counts) };
}

type SurgeRule = Rules['volume'];

/**
 * Above what was seen by a factor, and far from the median on the scale on which a Poisson count is normal. The highest
 * few of what was seen are left out: a short incident does not become the measure of the next, a lasting one does.
 */
function surgeThreshold(history: readonly number[], { minimum, deviations, factor }: SurgeRule): number {
  const scaled = history.map(anscombe);
  const middle = median(scaled);
  // Counts that follow no clock deviate by 1 on this scale; less was luck.
  const deviation = Math.max(1, robustDeviation(scaled, middle));
  const highest = history.toSorted((a, b) => b - a)[history.length >> 4]!;
  const far = inverseAnscombe(middle + deviations * deviation);
  return Math.ceil(Math.max(minimum, factor * highest, far));
}

function surge(
  kind: 'volume' | 'fanOut',
  of: Surging,
  window: Counts,
  past: Past,
  rules: Rules,
): Judgement | undefined {
  const limit = surgeLimit(of, window, past, rules);
  if (!limit || window[of] < limit.threshold) return undefined;
  return { kind, observed: window[of], expected: limit.usual, threshold: limit.threshold };
}

function errorRate(window: Counts, past: Past, rules: Rules): Judgement | undefined {
  const { ended, failed } = window;
  const limit = failureLimit(window, past, rules);
  if (!limit || failed < limit.count) return undefined;
  const threshold = limit.count / ended;
  return { kind: 'errorRate', observed: failed / ended, expected: limit.usual, threshold };
}

/** How many of the messages of a window may not fail. @returns undefined as above, and when not even all would be too many */
function failureLimit(
  { ended, failed }: Counts,
  { history }: Past,
  { warmUpWindows, errorRate: { minimum, minimumRate, probability } }: Rules,
): { count: number; usual: number } | undefined {
  if (failed < minimum) return undefined;
  const ending = history.filter((window) => window.ended > 0);
  if (ending.length < warmUpWindows) return undefined;
  const total = (of: 'ended' | 'failed'): number => ending.reduce((sum, window) => sum + window[of], 0);
  // Krichevsky–Trofimov: what never failed may fail once in twice the trials.
  const usual = (total('failed') + 0.5) / (total('ended') + 1);
  const isTooMany = (count: number): boolean => binomialTailBound(count, ended, usual) <= probability;
  const low = Math.max(minimum, Math.ceil(minimumRate * ended));
  if (low > ended || !isTooMany(ended)) return undefined;
  return { count: least(low, ended, isTooMany), usual };
}

/** The least number from `low` on that is too many; `high` is, and so is all above one that is. */
function least(low: number, high: number, isTooMany: (count: number) => boolean): number {
  while (low < high) {
    const between = Math.floor((low + high) / 2);
    if (isTooMany(between)) high = between;
    else low = between + 1;
  }
  return low;
}

/**
 * The next message goes to somebody new with about the share that those met once have in all messages: I. J. Good, "The
 * Population Frequencies of Species and the Estimation of Population Parameters" (1953).
 */
function newCounterparty({ sent, fresh }: Counts, past: Past, rules: Rules): Judgement | undefined {
  const { minimum, minimumMessages, probability } = rules.newCounterparty;
  const sending = past.history.filter((window) => window.sent > 0);
  if (fresh < minimum || past.isSaturated || past.messages < minimumMessages) return undefined;
  if (sending.length < rules.warmUpWindows) return undefined;
  const usual = median(sending.map((window) => window.sent));
  // A window that has only begun is expected to become one as usual.
  const expected = (Math.max(sent, usual) * (past.once + 1)) / (past.messages + 1);
  const isTooMany = (count: number): boolean => poissonTail(count, expected) <= probability;
  if (!isTooMany(fresh)) return undefined;
  const threshold = least(Math.max(minimum, Math.ceil(expected)), fresh, isTooMany);
  return { kind: 'newCounterparty', observed: fresh, expected, threshold };
}
