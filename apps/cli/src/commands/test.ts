import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Argument, type Command } from 'commander';
import { seconds } from '@concordat/processes';
import { type Context, UserError } from '../context';
import { repositoryRoot } from '../repository';
import { provideRedis } from '../supervisor/provide-redis';
import { type Counts, type Level, levels, runLevel } from '../testing/jest-level';

/** `test`: everything at three levels; the last line of stdout is "N passed, N failed". */
export function register(command: Command, context: () => Context): void {
  command
    .addArgument(new Argument('[level]', 'only this level').choices(levels))
    .action(async (level: Level | undefined) => {
      const { failed } = await runTests(context(), level === undefined ? levels : [level]);
      if (failed > 0) process.exitCode = 1;
    });
}

async function runTests(
  { environment, output, progress }: Context,
  chosen: readonly Level[],
): Promise<Counts> {
  progress.doing('building');
  await build(environment.tools);
  progress.done('built');
  if (chosen.some((level) => level !== 'unit')) await provideRedis({ environment, progress });
  const total = { passed: 0, failed: 0 };
  for (const level of chosen) {
    const started = performance.now();
    process.stderr.write(`… ${level} tests\n`);
    const { passed, failed } = await runLevel(level, repositoryRoot, environment.tools);
    total.passed += passed;
    total.failed += failed;
    const text = `${level}: ${passed} passed, ${failed} failed (${seconds(Math.round(performance.now() - started))})`;
    if (failed === 0) progress.done(text);
    else progress.warn(text);
  }
  output.data(total, () => `${total.passed} passed, ${total.failed} failed`);
  return total;
}

/** The launcher builds too, before it starts this; here it is for those who start the CLI in another way. */
async function build(tools: Readonly<Record<string, string>>): Promise<void> {
  const nx = join(repositoryRoot, 'node_modules', '.bin', 'nx');
  const env = { ...tools, NX_DAEMON: 'false', NX_NO_CLOUD: 'true', NX_TUI: 'false' };
  const child = spawn(process.execPath, [nx, 'run-many', '-t', 'build'], {
    cwd: repositoryRoot,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  const keep = (text: Buffer): void => {
    printed = (printed + text.toString()).slice(-8_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new UserError(`The build failed (nx run-many -t build):\n${printed}`);
}
