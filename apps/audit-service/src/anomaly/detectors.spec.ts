import { anomalySettings } from '@concordat/contracts';
import { isLong } from '../testing/environment';
import { type Finding, type Met, newcomer, observe, type Observation } from './behaviour';
import { behaviourText, readBehaviour } from './behaviour-store';
import { explanationOf } from './explanation';
import { rulesOf } from './rules';
import { binomialTailBound, poissonTail } from './tails';
import { type Habit, quietHabit, randomOf, trafficOf } from './traffic.fixture';

const settings = anomalySettings.parse({});
const rules = rulesOf(settings)('anybody');

/** An agent that is watched, window by window. */
function watched(habit: Habit, seed = 1, by = rules) {
  const random = randomOf(seed);
  const met = new Map<string, Met>();
  let behaviour = newcomer(by.windowSeconds);
  let n = 0;
  const see = (observations: readonly Observation[]): Finding[] => {
    const seen = observe(behaviour, observations, met, by);
    behaviour = seen.behaviour;
    return seen.findings;
  };
  return {
    see,
    /** So many windows as usual. */
    live: (windows: number): Finding[] =>
      Array.from({ length: windows }, () => see(trafficOf(habit, n++, random))).flat(),
    /** The next window, with something in it beside the usual. */
    also: (change: (usual: Observation[], minute: number) => Observation[]): Finding[] => {
      const usual = trafficOf(habit, n, random);
      return see(change(usual, n++ * 5));
    },
    behaviour: () => behaviour,
  };
}

const steady: Habit = {
  mean: () => 20,
  circle: ['ada', 'bob', 'eve'],
  curiosity: 0,
  failureRate: 0.02,
};
const to = (minute: number, counterparty: string, sent: number, failed = 0): Observation => ({
  ...{ minute, counterparty, sent, ended: sent, failed },
});

describe('an agent with a past', () => {
  it('that sends far more than ever: volume', () => {
    const agent = watched(steady);
    expect(agent.live(100)).toEqual([]);
    const [finding, ...others] = agent.also((usual, minute) => [...usual, to(minute, 'ada', 300)]);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ kind: 'volume', examples: expect.arrayContaining(['ada']) });
    expect(finding!.observed).toBeGreaterThanOrEqual(finding!.threshold);
    expect(finding!.expected).toBeGreaterThan(15);
    expect(finding!.expected).toBeLessThan(25);
    expect(explanationOf(finding!)).toMatch(/^3\d\d messages were sent within 300 s; \d+ are usual/);
  });

  it('that sends to far more recipients than ever: fan-out, and new counterparties', () => {
    const agent = watched(steady);
    agent.live(100);
    const found = agent.also((usual, minute) => [
      ...usual,
      ...Array.from({ length: 24 }, (_, i) => to(minute, `victim-${i}`, 1)),
    ]);
    expect(found.map(({ kind }) => kind).sort()).toEqual(['fanOut', 'newCounterparty']);
    expect(found.find(({ kind }) => kind === 'fanOut')!.observed).toBeGreaterThanOrEqual(24);
  });

  it('whose messages fail: error rate, and with whom', () => {
    const agent = watched(steady);
    agent.live(100);
    const found = agent.also((_, minute) => [to(minute, 'ada', 10, 0), to(minute, 'bob', 10, 10)]);
    expect(found).toMatchObject([{ kind: 'errorRate', observed: 0.5, examples: ['bob'] }]);
    expect(explanationOf(found[0]!)).toContain('10 of the 20 messages that ended within 300 s failed');
  });

  it('that has long met nobody and meets two at once: new counterparties, by name', () => {
    const agent = watched(steady);
    agent.live(300);
    const found = agent.also((usual, minute) => [...usual, to(minute, 'mallory', 1), to(minute, 'trent', 1)]);
    expect(found).toMatchObject([{ kind: 'newCounterparty', observed: 2, examples: ['mallory', 'trent'] }]);
  });

  it('that meets one after thousands of messages: a new counterparty; one that often does: none', () => {
    const meet = (curiosity: number) => {
      const agent = watched({ ...steady, mean: () => 2, curiosity }, 7, {
        ...rules,
        newCounterparty: { ...rules.newCounterparty, probability: 1e-3 },
      });
      agent.live(2_500);
      return agent.also((usual, minute) => [...usual, to(minute, 'mallory', 1)]).map(({ kind }) => kind);
    };
    expect(meet(0)).toEqual(['newCounterparty']);
    expect(meet(0.05)).toEqual([]);
  });
});

describe('what is told', () => {
  const flood = (_: Observation[], minute: number) => [to(minute, 'ada', 500)];

  it('nothing of an agent that is new, whatever it does', () => {
    const agent = watched({ ...steady, curiosity: 0.5, failureRate: 0.9, mean: (n) => (n % 2) * 5_000 });
    expect(agent.live(rules.warmUpWindows - 1)).toEqual([]);
  });

  it('an incident once, however long it goes on, and again when it comes back', () => {
    const agent = watched(steady);
    agent.live(100);
    const during = Array.from({ length: 4 }, () => agent.also(flood)).flat();
    expect(during.map(({ kind }) => kind)).toEqual(['volume']);
    agent.live(rules.cooldownSeconds / rules.windowSeconds + 1);
    expect(agent.also(flood).map(({ kind }) => kind)).toEqual(['volume']);
  });

  it('one incident, also when it lasts; what lasts becomes usual', () => {
    const agent = watched(steady);
    agent.live(100);
    const during = Array.from({ length: 200 }, () => agent.also(flood)).flat();
    expect(during.map(({ kind }) => kind)).toEqual(['volume']);
    expect(agent.also((_, minute) => [to(minute, 'ada', 5_000)])).toMatchObject([{ kind: 'volume' }]);
  });

  it('what was an anomaly once does not become the measure of the next', () => {
    const agent = watched(steady);
    agent.live(100);
    agent.also((_, minute) => [to(minute, 'ada', 100_000)]);
    expect(Math.max(...agent.behaviour().history.map(({ sent }) => sent))).toBeLessThan(200);
    agent.live(20);
    expect(agent.also((_, minute) => [to(minute, 'ada', 400)])).toMatchObject([{ kind: 'volume' }]);
  });

  it('nothing of what comes late', () => {
    const agent = watched(steady);
    agent.live(100);
    expect(agent.see([to(50 * 5, 'ada', 10_000)])).toEqual([]);
    expect(agent.behaviour().messages).toBeGreaterThan(10_000);
  });

  it('the same, in however many parts a window comes', () => {
    const [whole, parts] = [watched(steady), watched(steady)];
    for (const agent of [whole, parts]) agent.live(100);
    const minute = 100 * 5;
    const all = Array.from({ length: 40 }, (_, i) => to(minute + (i % 5), `victim-${i % 30}`, 3));
    const once = whole.see(all).map(({ kind }) => kind);
    const told = [0, 5, 20].flatMap((from, i) => parts.see(all.slice(from, [5, 20, 40][i])));
    expect(told.map(({ kind }) => kind).sort()).toEqual(once.sort());
    expect(parts.behaviour()).toMatchObject({
      open: whole.behaviour().open,
      counterparties: whole.behaviour().counterparties,
    });
  });

  it('nothing of a kind that is off, and by its own rules of an agent that has some', () => {
    const own = anomalySettings.parse({
      volume: { enabled: false },
      overrides: [{ agent: 'loud', volume: { minimum: 1_000 } }],
    });
    const volumeOf = (agent: string) => rulesOf(own)(agent).volume;
    expect([volumeOf('anybody').enabled, volumeOf('loud')]).toMatchObject([false, { minimum: 1_000 }]);
    const off = watched(steady, 1, rulesOf(own)('anybody'));
    off.live(100);
    expect(off.also(flood)).toEqual([]);
  });

  it('is bounded, whatever an agent does', () => {
    const agent = watched({ ...steady, mean: () => 400, curiosity: 0.9 });
    agent.live(120);
    expect(agent.behaviour().counterparties).toBeLessThanOrEqual(5_000);
    const text = behaviourText(agent.behaviour());
    expect(text.length).toBeLessThan(4_096);
    expect(behaviourText(readBehaviour(text))).toBe(text);
  });
});

describe('quiet agents', () => {
  it('raise next to no false alarm', () => {
    const [agents, hours] = isLong ? [200, 150] : [60, 50];
    const alarms: Record<string, number> = {};
    for (let i = 0; i < agents; i++) {
      const random = randomOf(1_000 + i);
      const agent = watched(quietHabit(i, random), i);
      for (const { kind } of agent.live(hours * 12)) alarms[kind] = (alarms[kind] ?? 0) + 1;
    }
    const total = Object.values(alarms).reduce((a, b) => a + b, 0);
    const rate = total / (agents * hours);
    process.stdout.write(
      `anomalies: ${total} false alarms in ${agents * hours} quiet agent-hours of ${agents} agents ` +
        `(${(rate * 100).toFixed(3)} % of hours; ${JSON.stringify(alarms)})\n`,
    );
    expect(rate).toBeLessThanOrEqual(0.001);
  });
});

describe('tails', () => {
  it('of Poisson are those of the tables', () => {
    expect(poissonTail(1, 0.001)).toBeCloseTo(1 - Math.exp(-0.001), 12);
    expect(poissonTail(10, 3)).toBeCloseTo(0.0011025, 6);
    expect(poissonTail(3, 3)).toBe(1);
    expect(poissonTail(5_000, 1)).toBe(0);
  });

  it('of a binomial are above the exact ones, and no more than needed', () => {
    // P(X ≥ 10) for n = 20, p = 0.1 is 7.15e-6.
    const bound = binomialTailBound(10, 20, 0.1);
    expect(bound).toBeGreaterThan(7.15e-6);
    expect(bound).toBeLessThan(1e-4);
    expect(binomialTailBound(2, 20, 0.1)).toBe(1);
    expect(binomialTailBound(20, 20, 0.1)).toBeCloseTo(1e-20, 25);
  });
});
