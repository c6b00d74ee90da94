import type { AreaOutcome } from '../area';
import { storeVersions } from '../machine';
import type { BenchPlan } from '../plan';
import { memoryOf } from '../process-memory';
import { rawXaddPerS } from '../raw-xadd';
import { type BenchResult, result } from '../report';
import type { System } from '../system';
import { busConditions, payloadBytes } from './bus-message';
import { endToEnd } from './end-to-end';
import { fanOut } from './fan-out';
import { publishBatches, rawXaddLimit } from './publish-batch';
import { publishStreams } from './publish-stream';
import { publishUnary } from './publish-unary';
import { requestReply } from './request-reply';
import { steadyFlow } from './steady-flow';

/** Everything about messages, one measurement after the other, with one gateway and audit-service behind it. */
export async function busBench(system: System, plan: BenchPlan): Promise<AreaOutcome> {
  plan.tell('starting the system');
  await system.start();
  plan.tell('raw XADD');
  const raw = await rawXaddPerS(system, payloadBytes, plan.seconds / 2);
  const measurements = [
    () => publishUnary(system, plan),
    () => publishBatches(system, plan, raw),
    () => publishStreams(system, plan, raw),
    // A few requests a second compile nothing: begun cold, they would measure the compiler for minutes.
    () => requestReply(system, plan),
    () => steadyFlow(system, plan, 1_000),
    () => steadyFlow(system, plan, 10_000),
    () => endToEnd(system, plan),
    () => fanOut(system, plan),
  ];
  const results = [result('raw.xadd.per_s', raw, '1/s', { payloadBytes, what: rawXaddLimit })];
  for (const measure of measurements) results.push(...(await figuresOf(plan, measure)));
  return { results: [...results, memory(system)], versions: await storeVersions(system) };
}

/** A figure that cannot be had is left out, and the reason is told; the others are worth having. */
async function figuresOf(plan: BenchPlan, measure: () => Promise<BenchResult[]>): Promise<BenchResult[]> {
  try {
    return await measure();
  } catch (error) {
    plan.tell(`no figure: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}

function memory(system: System): BenchResult {
  const { rssMb, anonymousMb, fileBackedMb } = memoryOf(system.process('bus-gateway-1').pid);
  return result('bus.rss_mb', rssMb, 'MiB', {
    ...{ ...busConditions(), anonymousMb, fileBackedMb },
    what: 'VmRSS of the gateway after all of the above',
  });
}
