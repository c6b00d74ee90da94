import { closedLoop, type LoadOutcome, openLoop } from '@concordat/testing';
import { logIn, registerAgents } from '../bench-agent';
import { type CpuSeconds, cpuMeter } from '../cpu-meter';
import { HttpClient } from '../http-client';
import { type BenchPlan, countsOf, warmUpSecondsOf } from '../plan';
import type { RawSignatures } from '../raw-signatures';
import { type BenchResult, result } from '../report';
import { summaryOf } from '../summary-of';
import type { System } from '../system';

const concurrency = 64;
/** of the open loop: a busy installation, far from its limit */
const perSecond = 100;
const agentCount = 64;
/** Whom a login waits for. What others do because of it (audit) comes later, and is counted apart. */
const onThePath = ['bus-gateway-1', 'iam-service', 'redis', 'redis-rpc'];

const durability = 'TokenIssued is fsynced (SQLite WAL, synchronous=FULL) before the token is given out';

/** Challenge, signature, token: all three steps over HTTP, the client's work included. */
export async function logins(system: System, plan: BenchPlan, raw: RawSignatures): Promise<BenchResult[]> {
  plan.tell('logins');
  const agents = await registerAgents(system, 'login', agentCount);
  const client = new HttpClient(system.url, undefined, concurrency);
  let used = cpuMeter(system);
  const outcome = await closedLoop({
    ...{ concurrency, seconds: plan.seconds, warmUpSeconds: warmUpSecondsOf(plan) },
    send: (index) => logIn(client, agents[index % agents.length]!),
    onMeasuring: () => (used = cpuMeter(system)),
  });
  const cpu = used();
  const steady = await openLoop({
    ...countsOf(plan, perSecond),
    send: (index) => logIn(client, agents[index % agents.length]!),
  });
  client.close();
  return [...throughput(outcome, cpu, raw), latency(steady)];
}

function throughput(outcome: LoadOutcome, used: CpuSeconds, raw: RawSignatures): BenchResult[] {
  const { samples, p50, p99 } = summaryOf('logins', outcome);
  const { failures, elapsedMs } = outcome;
  const path = used['client']! + onThePath.reduce((sum, name) => sum + used[name]!, 0);
  const whole = Object.values(used).reduce((sum, seconds) => sum + seconds, 0);
  const perS = (samples * 1_000) / elapsedMs;
  const common = { loop: 'closed', concurrency, agents: agentCount, samples, failures, durability };
  const shares = Object.fromEntries(
    Object.entries(used).map(([name, seconds]) => [`cpuMsPerLogin.${name}`, (seconds * 1_000) / samples]),
  );
  const limit =
    'raw Ed25519 on one core: one signature made and one checked (node:crypto), without HTTP or store';
  return [
    result(
      'iam.login.per_s_per_core',
      samples / path,
      '1/s',
      {
        ...{ ...common, limit, ...shares },
        perCore: `logins / seconds of CPU, user and system, of client, ${onThePath.join(', ')} (all threads)`,
        perSPerCoreOfWholeSystem: samples / whole,
      },
      raw.bothPerS,
    ),
    result('iam.login.per_s', perS, '1/s', {
      ...{ ...common, coresUsed: whole / (elapsedMs / 1_000), p50Ms: p50, p99Ms: p99 },
    }),
  ];
}

function latency(outcome: LoadOutcome): BenchResult {
  const { samples, p50, p95, p99, max } = summaryOf('logins', outcome);
  const { failures } = outcome;
  return result('iam.login.p99_ms', p99, 'ms', {
    ...{ loop: 'open', perSecond, agents: agentCount, samples, failures, durability },
    ...{ p50Ms: p50, p95Ms: p95, maxMs: max },
    latency: 'challenge, signature and token, from the moment at which the login was due',
  });
}
