import { loadavg } from 'node:os';
import { closedLoop, summarize } from '@concordat/testing';
import { type CpuSeconds, cpuMeter } from '../cpu-meter';
import { HttpClient } from '../http-client';
import { type BenchPlan, warmUpSecondsOf } from '../plan';
import { type BenchResult, result } from '../report';
import type { System } from '../system';
import type { BusFeeds } from './feed-events';

const concurrency = 1;
const limit = 50;

/**
 * Searches of the trail through the gateway, by everything that one searches by; a page of fifty each. One after the other:
 * nothing waits for another search. What else the machine does, they do wait for; what they cost does not depend on it.
 */
export async function queries(system: System, plan: BenchPlan, feeds: BusFeeds): Promise<BenchResult[]> {
  plan.tell('queries');
  const { agents, conversations } = feeds;
  const pick = <T>(from: readonly T[], index: number): T => from[(index * 7_919) % from.length]!;
  const kinds: Readonly<Record<string, (index: number) => string>> = {
    messages: () => 'messages?',
    messagesOfAgent: (i) => `messages?agent=${encodeURIComponent(pick(agents, i))}`,
    messagesByStatus: () => 'messages?status=DELIVERED',
    conversation: (i) => `messages?correlationId=${pick(conversations, i)}`,
    eventsOfType: () => 'events?type=concordat.bus.messages.sent.v1',
    eventsByActor: (i) => `events?actor=${encodeURIComponent(`agent:${pick(agents, i)}`)}`,
  };
  const client = new HttpClient(system.url, system.adminCredential, concurrency);
  const seconds = plan.seconds / Object.keys(kinds).length;
  const all: number[] = [];
  const p99s: Record<string, number> = {};
  const cpuMs: Record<string, number> = {};
  let failures = 0;
  for (const [kind, pathOf] of Object.entries(kinds)) {
    const send = (index: number): Promise<unknown> =>
      client.call('GET', `/v1/audit/${pathOf(index)}&limit=${limit}`);
    let used = cpuMeter(system);
    const outcome = await closedLoop({
      ...{ concurrency, seconds, send },
      warmUpSeconds: warmUpSecondsOf(plan) / 2,
      onMeasuring: () => (used = cpuMeter(system)),
    });
    addUp(cpuMs, used());
    failures += outcome.failures;
    // What was refused every time has no latency, and is named all the same.
    if (outcome.latenciesMs.length === 0) p99s[`${kind}Refused`] = outcome.failures;
    else p99s[`${kind}P99Ms`] = summarize(outcome.latenciesMs).p99;
    all.push(...outcome.latenciesMs);
  }
  client.close();
  const { p50, p99, samples } = summarize(all);
  const perQuery = Object.entries(cpuMs).map(([name, ms]) => [`cpuMs.${name}`, ms / samples]);
  return [
    result('audit.query.p99_ms', p99, 'ms', {
      ...{ loop: 'closed', concurrency, samples, failures, limit, p50Ms: p50, events: plan.events, ...p99s },
      ...Object.fromEntries(perQuery),
      load: loadavg()[0]!,
      path: 'HTTP, gateway, sealed request over Redis, audit-service, PostgreSQL, payloads opened, query put on record, and back',
    }),
  ];
}

/** Of all kinds together. */
function addUp(cpuMs: Record<string, number>, used: CpuSeconds): void {
  for (const [name, seconds] of Object.entries(used)) cpuMs[name] = (cpuMs[name] ?? 0) + seconds * 1_000;
}
