import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, type Command } from 'commander';
import { wholeNumber } from '../client/arguments';
import { type Context, UserError } from '../context';
import { table } from '../output';
import { repositoryRoot } from '../repository';

interface BenchOptions {
  readonly seconds: number;
  readonly identities: number;
  readonly events: number;
}

/** What `tools/bench` prints. */
interface BenchReport {
  readonly machine: Readonly<Record<string, unknown>>;
  readonly results: readonly {
    readonly name: string;
    readonly value: number;
    readonly unit: string;
    readonly limit?: number;
    readonly ratio?: number;
  }[];
}

const areas = ['iam', 'bus', 'audit', 'all'] as const;
type Area = (typeof areas)[number];
const program = join(repositoryRoot, 'tools', 'bench', 'dist', 'main.js');

/** `bench`: figures beside the raw limit below them, measured on a system of its own in a temporary folder. */
export function register(command: Command, context: () => Context): void {
  command
    .addArgument(new Argument('[area]', 'what is measured').choices(areas).default('all'))
    .option('--seconds <n>', 'how long each figure is measured', wholeNumber(1, 3_600), 10)
    .option(
      '--identities <n>',
      'how many are registered before anything about identities is measured',
      wholeNumber(1, 10_000_000),
      100_000,
    )
    .option(
      '--events <n>',
      'how many are put into the audit log before it is searched',
      wholeNumber(1, 100_000_000),
      1_000_000,
    )
    .action((area: Area, options: BenchOptions) => bench(context(), area, options));
}

async function bench({ output, environment }: Context, area: Area, options: BenchOptions): Promise<void> {
  if (!existsSync(program)) throw new UserError(`${program} is missing. Run: npx nx run-many -t build`);
  const report = JSON.parse(await printed(area, options, environment.tools)) as BenchReport;
  output.data(report, () => tableOf(report));
}

/**
 * Runs the program; what it tells goes to our stderr.
 * @returns what it prints
 * @throws UserError when it fails: it has said why
 */
function printed(
  area: Area,
  { seconds, identities, events }: BenchOptions,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const sizes = { seconds, identities, events };
  const options = Object.entries(sizes).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const args = [program, area, ...options];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  // Ctrl-C reaches it too, and it stops what it has started; this process has to be there until then.
  const passOn = (signal: NodeJS.Signals): void => void child.kill(signal);
  const waitOn = (): void => undefined;
  process.on('SIGINT', waitOn).on('SIGTERM', passOn);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(text);
      else reject(new UserError('The bench was not finished; see above.'));
    });
  }).finally(() => process.off('SIGINT', waitOn).off('SIGTERM', passOn));
}

function tableOf({ machine, results }: BenchReport): string {
  const rows = results.map(({ name, value, unit, limit, ratio }) => [
    name,
    value.toLocaleString('en'),
    unit,
    limit?.toLocaleString('en') ?? '',
    ratio?.toLocaleString('en') ?? '',
  ]);
  const measuredOn = Object.entries(machine).map(([name, value]) => `${name} ${String(value)}`);
  return [
    table(['figure', 'value', 'unit', 'limit', 'ratio'], rows),
    '',
    measuredOn.join(', '),
    'How each was measured: -o json',
  ].join('\n');
}
