import { type AnomalyKind, limits } from '@concordat/contracts';
import { type Counts, judge, type Past, tempered } from './detectors';
import type { Judgement, Rules } from './rules';

/** What happened between an agent and a counterparty in a minute. */
export interface Observation {
  /** Minutes since 1970, by the time of the events. */
  readonly minute: number;
  readonly counterparty: string;
  readonly sent: number;
  readonly ended: number;
  readonly failed: number;
}

/** How an agent behaves: all that is kept of it, bounded, as JSON. */
export interface Behaviour {
  readonly windowSeconds: number;
  /** Start of the open window in seconds since 1970; what came before it is closed. */
  readonly window: number;
  readonly open: Counts;
  readonly history: readonly Counts[];
  /** As `Past`, up to now and up to the open window. */
  readonly messages: number;
  readonly once: number;
  readonly before: { readonly messages: number; readonly once: number };
  /** Counterparties that are told apart. */
  readonly counterparties: number;
  /** Until when an incident goes on, by kind, in seconds since 1970. */
  readonly incidents: { readonly [K in AnomalyKind]?: number };
  /** Of the open window: new counterparties, and those with whom messages failed; the first few. */
  readonly fresh: readonly string[];
  readonly failing: readonly string[];
}

/** Somebody to whom an agent has sent. */
export interface Met {
  /** 1, or 2 for more */
  readonly messages: number;
  /** Start of the last window in which it was sent to, in seconds since 1970. */
  readonly window: number;
}

/** An anomaly of an agent. */
export interface Finding extends Judgement {
  readonly window: number;
  readonly windowSeconds: number;
  readonly counts: Counts;
  readonly examples: readonly string[];
}

const nothing: Counts = { sent: 0, recipients: 0, fresh: 0, ended: 0, failed: 0 };
const mostExamples = 5;

export const newcomer = (windowSeconds: number): Behaviour => ({
  ...{ windowSeconds, window: 0, open: nothing, history: [], messages: 0, once: 0 },
  ...{ before: { messages: 0, once: 0 }, counterparties: 0, incidents: {}, fresh: [], failing: [] },
});

/**
 * What follows from observations of one agent. An incident is told once: when it begins, and again only after it was
 * quiet for `cooldownSeconds`.
 * @param met those of the counterparties whom it has met before; what changes of them is written there
 */
export function observe(
  before: Behaviour,
  observations: readonly Observation[],
  met: Map<string, Met>,
  rules: Rules,
): { behaviour: Behaviour; findings: Finding[] } {
  const { windowSeconds } = rules;
  const findings: Finding[] = [];
  // Counts of windows of another length cannot be compared.
  let now = before.windowSeconds === windowSeconds ? before : restarted(before, windowSeconds);
  for (const [window, seen] of byWindow(observations, windowSeconds)) {
    if (window > now.window) now = opened(now, window, rules);
    now = counted(now, window, seen, met);
    // What comes late belongs to a window that was judged.
    if (window < now.window) continue;
    const told = judgedOpen(now, seen, rules);
    now = { ...now, incidents: told.incidents };
    findings.push(...told.findings);
  }
  return { behaviour: now, findings };
}

const restarted = (behaviour: Behaviour, windowSeconds: number): Behaviour => ({
  ...newcomer(windowSeconds),
  ...{ messages: behaviour.messages, once: behaviour.once, counterparties: behaviour.counterparties },
  incidents: behaviour.incidents,
});

function byWindow(observations: readonly Observation[], windowSeconds: number): [number, Observation[]][] {
  const windows = new Map<number, Observation[]>();
  for (const observation of observations) {
    const seconds = observation.minute * 60;
    const window = seconds - (seconds % windowSeconds);
    const seen = windows.get(window);
    if (seen) seen.push(observation);
    else windows.set(window, [observation]);
  }
  return [...windows].sort(([a], [b]) => a - b);
}

const pastOf = ({ history, before, counterparties }: Behaviour): Past => ({
  history,
  ...before,
  isSaturated: counterparties >= limits.counterparties,
});

/** Closes the open window and begins another. */
function opened(now: Behaviour, window: number, rules: Rules): Behaviour {
  const isActive = now.open.sent > 0 || now.open.ended > 0;
  const history = isActive ? [...now.history, tempered(now.open, pastOf(now), rules)] : now.history;
  return {
    ...now,
    ...{ window, open: nothing, history: history.slice(-limits.anomalyHistoryWindows) },
    ...{ before: { messages: now.messages, once: now.once }, fresh: [], failing: [] },
  };
}

function counted(
  now: Behaviour,
  window: number,
  seen: readonly Observation[],
  met: Map<string, Met>,
): Behaviour {
  const isOpen = window === now.window;
  const open = { ...now.open };
  const [fresh, failing] = [new Set(now.fresh), new Set(now.failing)];
  let { messages, once, counterparties } = now;
  for (const { counterparty, sent, ended, failed } of seen) {
    messages += sent;
    if (isOpen) {
      open.sent += sent;
      open.ended += ended;
      open.failed += failed;
      if (failed > 0) failing.add(counterparty);
    }
    const known = met.get(counterparty);
    if (sent === 0 || (!known && counterparties >= limits.counterparties)) continue;
    if (!known) counterparties++;
    if (!known && isOpen) {
      open.fresh++;
      fresh.add(counterparty);
    }
    if (isOpen && known?.window !== window) open.recipients++;
    const times = Math.min(2, (known?.messages ?? 0) + sent);
    once += (times === 1 ? 1 : 0) - (known?.messages === 1 ? 1 : 0);
    met.set(counterparty, { messages: times, window: Math.max(known?.window ?? 0, window) });
  }
  const few = (names: ReadonlySet<string>): string[] => [...names].slice(0, mostExamples);
  return {
    ...now,
    ...{ open, messages, once, counterparties, fresh: few(fresh), failing: few(failing) },
  };
}

function judgedOpen(now: Behaviour, seen: readonly Observation[], rules: Rules) {
  const incidents = { ...now.incidents };
  const findings: Finding[] = [];
  const { window, windowSeconds, open: counts } = now;
  for (const judgement of judge(counts, pastOf(now), rules)) {
    const { kind } = judgement;
    if (window >= (incidents[kind] ?? 0))
      findings.push({
        ...judgement,
        ...{ window, windowSeconds, counts, examples: examplesOf(kind, now, seen) },
      });
    incidents[kind] = window + windowSeconds + rules.cooldownSeconds;
  }
  return { incidents, findings };
}

function examplesOf(kind: AnomalyKind, now: Behaviour, seen: readonly Observation[]): readonly string[] {
  switch (kind) {
    case 'newCounterparty':
      return now.fresh;
    case 'errorRate':
      return now.failing;
    case 'volume':
    case 'fanOut': {
      const most = seen.filter(({ sent }) => sent > 0).sort((a, b) => b.sent - a.sent);
      return [...new Set(most.map(({ counterparty }) => counterparty))].slice(0, mostExamples);
    }
    default:
      return kind satisfies never;
  }
}
