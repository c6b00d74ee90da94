import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { closedLoop, type LoadOutcome } from '@concordat/testing';
import { type LoggedIn, loggedInAgents } from '../bench-agent';
import { coresOf, cpuMeter } from '../cpu-meter';
import { cleanEnvironment } from '../environment';
import { HttpClient } from '../http-client';
import { onOneCore } from '../one-core';
import { type BenchPlan, warmUpSecondsOf } from '../plan';
import { type BenchResult, result } from '../report';
import { summaryOf } from '../summary-of';
import type { System } from '../system';
import { Acceptances, busConditions, messageTo } from './bus-message';
import { drained } from './drained';

const concurrency = 64;
const recipientCount = 32;
const bareRoute = join(__dirname, '..', 'bare-route.js');

/** One message to a request, beside the least that such a request costs; both servers on the same core. */
export async function publishUnary(system: System, plan: BenchPlan): Promise<BenchResult[]> {
  plan.tell('publishing by single requests');
  const [sender, ...recipients] = await loggedInAgents(system, 'unary', recipientCount + 1);
  const { pid } = system.process('bus-gateway-1');
  const conditions = busConditions();
  const accepted = new Acceptances();
  let used = cpuMeter(system);
  const { outcome, isPinned } = await onOneCore(pid, () =>
    posting(system.url, sender!, recipients, plan, {
      onAnswer: (answer) => accepted.take(answer),
      onMeasuring: () => (used = cpuMeter(system)),
    }),
  );
  const cores = coresOf(used(), outcome.elapsedMs);
  await drained(system, recipients, accepted.count);
  plan.tell('a bare Fastify route');
  const bare = await bareFastify(sender!, recipients, plan);
  const { samples, p50, p99 } = summaryOf('single messages', outcome);
  return [
    result(
      'bus.publish.http_unary_per_s',
      perS(outcome),
      '1/s',
      {
        ...{ ...conditions, ...accepted.conditions, loop: 'closed', concurrency, recipients: recipientCount },
        ...{ samples, failures: outcome.failures, p50Ms: p50, p99Ms: p99, ...cores },
        limit: 'a bare Fastify POST route in a process of its own, same client and requests, nothing stored',
        serversOnOneCore: isPinned && bare.isPinned,
      },
      bare.perS,
    ),
  ];
}

interface PostingHooks {
  readonly onAnswer?: (answer: Record<string, unknown>) => void;
  readonly onMeasuring?: () => void;
}

async function posting(
  url: string,
  sender: LoggedIn,
  recipients: readonly LoggedIn[],
  plan: BenchPlan,
  { onAnswer, onMeasuring }: PostingHooks = {},
): Promise<LoadOutcome> {
  const client = new HttpClient(url, sender.credential, concurrency);
  const outcome = await closedLoop({
    ...{ concurrency, seconds: plan.seconds, warmUpSeconds: warmUpSecondsOf(plan) },
    send: async (n) => {
      const message = messageTo(recipients[n % recipients.length]!.did, 'unary', n);
      const answer = await client.call('POST', '/v1/messages', message);
      onAnswer?.(answer);
    },
    ...(onMeasuring && { onMeasuring }),
  });
  client.close();
  return outcome;
}

async function bareFastify(sender: LoggedIn, recipients: readonly LoggedIn[], plan: BenchPlan) {
  const child = fork(bareRoute, { env: cleanEnvironment() });
  try {
    const [port] = (await once(child, 'message')) as [number];
    const url = `http://127.0.0.1:${port}`;
    const { outcome, isPinned } = await onOneCore(child.pid!, () => posting(url, sender, recipients, plan));
    return { perS: perS(outcome), isPinned };
  } finally {
    child.disconnect();
  }
}

const perS = ({ latenciesMs, elapsedMs }: LoadOutcome): number => (latenciesMs.length * 1_000) / elapsedMs;
