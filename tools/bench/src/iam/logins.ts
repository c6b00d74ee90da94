import { type KeyObject, sign } from 'node:crypto';
import { generateEd25519, privateKeyObject, toBase64url, toDidKey, toMultibaseKey } from '@concordat/crypto';
import { closedLoop, type LoadOutcome, openLoop } from '@concordat/testing';
import { cpuSecondsOf, ownCpuSeconds } from '../cpu-time';
import { HttpClient } from '../http-client';
import type { RawSignatures } from '../raw-signatures';
import { type BenchResult, result } from '../report';
import { summaryOf } from '../summary-of';
import type { System } from '../system';
import { countsOf, type IamPlan, warmUpSecondsOf } from './plan';

const concurrency = 64;
/** of the open loop: a busy installation, far from its limit */
const perSecond = 100;
const agentCount = 64;
/** Whom a login waits for. What others do because of it (audit) comes later, and is counted apart. */
const onThePath = ['bus-gateway-1', 'iam-service', 'redis', 'redis-rpc'];

const durability = 'TokenIssued is fsynced (SQLite WAL, synchronous=FULL) before the token is given out';

interface BenchAgent {
  readonly did: string;
  readonly key: KeyObject;
}

/** Challenge, signature, token: all three steps over HTTP, the client's work included. */
export async function logins(system: System, plan: IamPlan, raw: RawSignatures): Promise<BenchResult[]> {
  plan.tell('logins');
  const agents = await registerAgents(system);
  const client = new HttpClient(system.url, undefined, concurrency);
  const processes = system.run.processes.map(({ name }) => ({ name, pid: system.process(name).pid }));
  let before = cpuNow(processes);
  const outcome = await closedLoop({
    ...{ concurrency, seconds: plan.seconds, warmUpSeconds: warmUpSecondsOf(plan) },
    send: (index) => logIn(client, agents[index % agents.length]!),
    onMeasuring: () => (before = cpuNow(processes)),
  });
  const used = difference(cpuNow(processes), before);
  const steady = await openLoop({
    ...countsOf(plan, perSecond),
    send: (index) => logIn(client, agents[index % agents.length]!),
  });
  client.close();
  return [...throughput(outcome, used, raw), latency(steady)];
}

function throughput(
  outcome: LoadOutcome,
  used: Readonly<Record<string, number>>,
  raw: RawSignatures,
): BenchResult[] {
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

async function registerAgents(system: System): Promise<BenchAgent[]> {
  const client = new HttpClient(system.url, system.adminCredential, concurrency);
  const agents = await Promise.all(
    Array.from({ length: agentCount }, async (_, index): Promise<BenchAgent> => {
      const { publicKey, secretKey } = generateEd25519();
      const name = `login ${index}`;
      await client.call('POST', '/v1/agents', {
        name,
        type: 'SERVICE',
        publicKey: toMultibaseKey(publicKey),
      });
      return { did: toDidKey(publicKey), key: privateKeyObject(secretKey) };
    }),
  );
  client.close();
  return agents;
}

async function logIn(client: HttpClient, { did, key }: BenchAgent): Promise<void> {
  const { challengeId, challenge } = await client.call('POST', '/v1/auth/challenge', { did });
  const signature = toBase64url(sign(null, Buffer.from(challenge as string), key));
  const { accessToken } = await client.call('POST', '/v1/auth/token', { challengeId, signature });
  if (typeof accessToken !== 'string') throw new Error('no token came');
}

type CpuSeconds = Readonly<Record<string, number>>;

const cpuNow = (processes: readonly { name: string; pid: number }[]): CpuSeconds => ({
  client: ownCpuSeconds(),
  ...Object.fromEntries(processes.map(({ name, pid }) => [name, cpuSecondsOf(pid)])),
});

const difference = (after: CpuSeconds, before: CpuSeconds): CpuSeconds =>
  Object.fromEntries(Object.entries(after).map(([name, seconds]) => [name, seconds - before[name]!]));
