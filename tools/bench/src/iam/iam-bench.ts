import type { AreaOutcome } from '../area';
import { rawSignatures } from '../raw-signatures';
import { type BenchResult, result } from '../report';
import { rpcEcho } from '../rpc-echo';
import { storeVersions } from '../machine';
import type { System } from '../system';
import { logins } from './logins';
import { lookups } from './lookups';
import { memory } from './memory';
import type { BenchPlan } from '../plan';
import { policyDecisions } from './policy-decisions';
import { recovery } from './recovery';
import { rebuild } from './rebuild';
import { type Registered, registrations } from './registrations';
import { settled } from './settled';

/** Everything about identities, one measurement after the other, so that none is in the way of another. */
export async function iamBench(system: System, plan: BenchPlan): Promise<AreaOutcome> {
  plan.tell('raw signatures');
  const raw = rawSignatures(plan.seconds / 2);
  const results: BenchResult[] = [
    ...(await policyDecisions(plan)),
    result('raw.ed25519.sign_per_s', raw.signPerS, '1/s', { what: 'one core, node:crypto' }),
    result('raw.ed25519.verify_per_s', raw.verifyPerS, '1/s', { what: 'one core, node:crypto' }),
  ];
  plan.tell('request/reply');
  results.push(...(await rpcEcho(plan.seconds / 2)));
  plan.tell('making a data folder');
  await system.start();
  await system.stop();
  const registered = await registrations(plan);
  results.push(...registered.results);
  plan.tell(`starting the system with ${registered.identities} identities`);
  await system.start();
  // In the end nothing runs that could say it.
  const versions = await storeVersions(system);
  results.push(...(await throughTheGateway(system, plan, registered, raw)));
  return { results, versions };
}

async function throughTheGateway(
  system: System,
  plan: BenchPlan,
  registered: Registered,
  raw: ReturnType<typeof rawSignatures>,
): Promise<BenchResult[]> {
  await settled(system, plan, registered.identities);
  return [
    ...(await lookups(system, plan, registered)),
    ...(await logins(system, plan, raw)),
    ...(await memory(system, registered.identities)),
    ...(await recovery(system, plan, registered)),
    ...(await rebuild(system, plan, registered)),
  ];
}
