import type { Observation } from './behaviour';

/** Seeded random numbers (mulberry32): the same traffic in every run. */
export function randomOf(seed: number) {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  const poisson = (mean: number): number => {
    if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
    let [count, left] = [-1, 1];
    for (const end = Math.exp(-mean); left > end; count++) left *= next();
    return Math.max(0, count);
  };
  return { next, normal, poisson, between: (a: number, b: number) => a + (b - a) * next() };
}
export type Random = ReturnType<typeof randomOf>;

/** What an agent does in one window, before chance. */
export interface Habit {
  /** Mean number of messages in window `n`. */
  mean(n: number): number;
  /** Counterparties, of which the first are written to most. */
  readonly circle: readonly string[];
  /** Share of messages that go to somebody new. */
  readonly curiosity: number;
  readonly failureRate: number;
}

/** Ways in which agents are quiet: steady, by day and night, in bursts, irregular, now and then meeting somebody. */
export function quietHabit(i: number, random: Random): Habit {
  const rate = Math.exp(random.between(Math.log(0.5), Math.log(100)));
  const circle = Array.from({ length: 1 + Math.floor(random.between(0, 30)) }, (_, n) => `partner-${n}`);
  const common = { circle, curiosity: 0, failureRate: [0, 0.01, 0.05, 0.2][i % 4]! };
  const phase = random.between(0, 288);
  switch (i % 5) {
    case 0:
      return { ...common, mean: () => rate };
    case 1:
      return { ...common, mean: (n) => rate * (1 + 0.9 * Math.sin((2 * Math.PI * (n + phase)) / 288)) };
    case 2:
      return { ...common, mean: () => rate * Math.exp(0.5 * random.normal()) };
    case 3:
      return { ...common, mean: () => (random.next() < 0.2 ? rate * Math.exp(0.7 * random.normal()) : 0) };
    default:
      return { ...common, mean: () => rate, curiosity: random.between(0, 0.01) };
  }
}

/** The observations of window `n`, which is five minutes long. */
export function trafficOf(habit: Habit, n: number, random: Random): Observation[] {
  const seen = new Map<string, { sent: number; failed: number }>();
  for (let left = random.poisson(habit.mean(n)); left > 0; left--) {
    const isNew = random.next() < habit.curiosity;
    // Squared: the first of the circle are written to most, as it is among people.
    const known = habit.circle[Math.floor(random.next() ** 2 * habit.circle.length)]!;
    const counterparty = isNew ? `stranger-${n}-${left}` : known;
    const counts = seen.get(counterparty) ?? { sent: 0, failed: 0 };
    counts.sent++;
    if (random.next() < habit.failureRate) counts.failed++;
    seen.set(counterparty, counts);
  }
  const minute = n * 5;
  return [...seen].map(([counterparty, { sent, failed }]) => ({
    ...{ minute, counterparty, sent, ended: sent, failed },
  }));
}
