import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { temporaryDirectory } from '@concordat/processes';
import { iamBench } from './iam/iam-bench';
import { commit, describeMachine } from './machine';
import type { BenchReport } from './report';
import { System } from './system';

/**
 * `node main.js [iam|all] --seconds N --identities N`: one JSON document on stdout, progress on stderr. Whoever wants a table calls
 * `./concordat bench`.
 */
async function run(): Promise<BenchReport> {
  const { seconds, identities } = readArguments();
  const begun = performance.now();
  const tell = (text: string): void =>
    void process.stderr.write(`… ${((performance.now() - begun) / 1_000).toFixed(0)} s: ${text}\n`);
  const machine = describeMachine();
  const system = new System(temporaryDirectory('concordat-bench-'));
  const interrupted = onInterruption(system);
  try {
    const { results, versions } = await iamBench(system, {
      folder: system.folder,
      seconds,
      identities,
      tell,
    });
    return { commit: commit(), machine: { ...machine, ...versions }, results };
  } finally {
    interrupted.release();
    tell('stopping');
    await remove(system);
  }
}

function readArguments(): { seconds: number; identities: number } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '10' },
      identities: { type: 'string', default: '100000' },
    },
  });
  const [seconds, identities] = [Number(values.seconds), Number(values.identities)];
  if (!(seconds >= 1) || !Number.isSafeInteger(identities) || identities < 1)
    throw new Error('--seconds and --identities must be at least 1');
  const [area = 'all', ...more] = positionals;
  if (!['iam', 'all'].includes(area) || more.length > 0)
    throw new Error(`${positionals.join(' ')}: iam or all`);
  return { seconds, identities };
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
