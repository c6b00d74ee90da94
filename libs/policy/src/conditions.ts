import type { PolicyConditions } from '@concordat/contracts';
import { certainly, not, unknown } from './certainty';
import { networksOf } from './networks';
import { leastCertain, oneOf, type Requirement } from './requirement';
import { timeWindow } from './time-window';

/** @throws Error for a network that is none */
export function conditionRequirements(conditions: PolicyConditions): Requirement[] {
  const { tenants, time, notBefore, notAfter, networks } = conditions;
  const requirements: Requirement[] = [];
  if (tenants) {
    const allowed = new Set(tenants);
    requirements.push({
      test: ({ subject }) => certainly(allowed.has(subject.tenant)),
      why: ({ subject }) => `tenants: needs ${oneOf(tenants)}, is ${subject.tenant}`,
    });
  }
  if (time) requirements.push(atTime(timeWindow(time), `time: ${windowText(time)} in UTC`));
  if (notBefore !== undefined) {
    const since = Date.parse(notBefore);
    requirements.push(atTime((ms) => ms >= since, `notBefore: ${notBefore}`));
  }
  if (notAfter !== undefined) {
    const until = Date.parse(notAfter);
    requirements.push(atTime((ms) => ms < until, `notAfter: ${notAfter}`));
  }
  if (networks) {
    const within = networksOf(networks);
    requirements.push({
      test: ({ context }) => within(context.ip),
      why: ({ context }) => `networks: needs ${oneOf(networks)}, is ${context.ip ?? 'unknown'}`,
    });
  }
  return requirements;
}

/** Holds where not all of the conditions do. */
export function unlessRequirement(conditions: PolicyConditions): Requirement {
  const requirements = conditionRequirements(conditions);
  return {
    test: (request) => not(leastCertain(requirements, request)),
    why: (request) =>
      leastCertain(requirements, request) === unknown
        ? `unless: ${requirements.find(({ test }) => test(request) === unknown)!.why(request)}`
        : `unless: ${Object.keys(conditions).join(' and ')} hold`,
  };
}

const atTime = (holds: (ms: number) => boolean, text: string): Requirement => ({
  test: ({ context }) => {
    const ms = millisecondsOf(context.time);
    return Number.isNaN(ms) ? unknown : certainly(holds(ms));
  },
  why: ({ context }) => `${text}, is ${context.time}`,
});

/** The last time that was read: many rules ask for that of one request. */
let last = { text: '', ms: NaN };

function millisecondsOf(text: string): number {
  if (last.text !== text) last = { text, ms: Date.parse(text) };
  return last.ms;
}

function windowText({ days, from, to }: NonNullable<PolicyConditions['time']>): string {
  const hours = from === undefined ? undefined : `${from} to ${to}`;
  return [days?.join(' '), hours].filter((part) => part !== undefined).join(' ') || 'any';
}
