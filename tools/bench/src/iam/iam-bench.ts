import { rawSignatures } from '../raw-signatures';
import { type BenchResult, type Machine, result } from '../report';
import { rpcEcho } from '../rpc-echo';
import { storeVersions } from '../machine';
import type { System } from '../system';
import { logins } from './logins';
import { lookups } from './lookups';
import { memory } from './memory';
import type { IamPlan } from './plan';
import { policyDecisions } from './policy-decisions';
import { recovery } from './recovery';
import { type Registered, registrations } from './registrations';
import { settled } from './settled';

export interface AreaOutcome {
  readonly results: readonly BenchResult[];
  readonly versions: Pick<Machine, 'redis' | 'postgres'>;
}

/** Everything about identities, one measurement after the other, so that none is in the way of another. */
export async function iamBench(system: System, plan: IamPlan): Promise<AreaOutcome> {
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
  results.push(...(await throughTheGateway(system, plan, registered, raw)));
  return { results, versions: await storeVersions(system) };
}

async function throughTheGateway(
  system: System,
  plan: IamPlan,
  registered: Registered,
  raw: ReturnType<typeof rawSignatures>,
): Promise<BenchResult[]> {
  await settled(system, plan, registered.identities);
  return [
    ...(await lookups(system, plan, registered)),
    ...(await logins(system, plan, raw)),
    ...(await memory(system, registered.identities)),
    ...(await recovery(system, plan, registered)),
  ];
}
