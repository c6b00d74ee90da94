import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { temporaryDirectory } from '@concordat/processes';
import type { Area } from './area';
import { auditBench } from './audit/audit-bench';
import { busBench } from './bus/bus-bench';
import { iamBench } from './iam/iam-bench';
import { commit, describeMachine } from './machine';
import type { BenchPlan } from './plan';
import type { BenchReport } from './report';
import { System } from './system';

const areas: Readonly<Record<string, Area>> = {
  iam: iamBench,
  bus: busBench,
  audit: auditBench,
};

/**
 * `node main.js [iam|bus|audit|all] --seconds N --identities N --events N`: one JSON document on stdout, progress on stderr. Whoever wants a
 * table calls `./concordat bench`.
 */
async function run(): Promise<BenchReport> {
  const { area, ...sizes } = readArguments();
  const begun = performance.now();
  const tell = (text: string): void =>
    void process.stderr.write(`… ${((performance.now() - begun) / 1_000).toFixed(0)} s: ${text}\n`);
  const machine = describeMachine();
  const outcomes = [];
  for (const [name, measure] of Object.entries(areas))
    if (area === 'all' || area === name) outcomes.push(await onOwnSystem(measure, { ...sizes, tell }));
  const results = outcomes.flatMap((outcome) => outcome.results);
  return { commit: commit(), machine: { ...machine, ...outcomes.at(-1)!.versions }, results };
}

/** Each area begins with nothing. */
async function onOwnSystem(measure: Area, plan: Omit<BenchPlan, 'folder'>): ReturnType<Area> {
  const system = new System(temporaryDirectory('concordat-bench-'));
  const interrupted = onInterruption(system);
  try {
    return await measure(system, { ...plan, folder: system.folder });
  } finally {
    interrupted.release();
    plan.tell('stopping');
    await remove(system);
  }
}

function readArguments(): { area: string; seconds: number; identities: number; events: number } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '10' },
      identities: { type: 'string', default: '100000' },
      events: { type: 'string', default: '1000000' },
    },
  });
  const [seconds, identities, events] = [values.seconds, values.identities, values.events].map(Number) as [
    number,
    number,
    number,
  ];
  if (!(seconds >= 1) || ![identities, events].every((count) => Number.isSafeInteger(count) && count >= 1))
    throw new Error('--seconds, --identities and --events must be at least 1');
  const [area = 'all', ...more] = positionals;
  const known = [...Object.keys(areas), 'all'];
  if (!known.includes(area) || more.length > 0)
    throw new Error(`${positionals.join(' ')}: one of ${known.join(', ')}`);
  return { area, seconds, identities, events };
}

async function remove(system: System): Promise<void> {
  await system.stop();
  rmSync(system.folder, { recursive: true, force: true });
}

/** Nothing that was started for the bench stays behind when it is called off. */
function onInterruption(system: System): { release(): void } {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const stop = (): void => {
    release();
    void remove(system).finally(() => process.exit(130));
  };
  const release = (): void => {
    for (const signal of signals) process.removeListener(signal, stop);
  };
  for (const signal of signals) process.on(signal, stop);
  return { release };
}

run().then(
  (report) => void process.stdout.write(`${JSON.stringify(report, null, 2)}\n`),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  },
);
