import { type Command } from 'commander';
import { act } from '../client/act';
import { wholeNumber } from '../client/arguments';
import { Connection } from '../client/connection';
import { type Context, UserError } from '../context';
import { patient } from '../demo/cast';
import { runDemo } from '../demo/demo';
import { heedInterruption } from '../demo/interruption';
import { storyOn, summaryOf } from '../demo/story';
import { dataFolder } from '../supervisor/provision';
import { findRunning } from '../supervisor/running';

interface DemoCommandOptions {
  readonly messages: number;
  readonly deadlineSeconds: number;
}

/** As a shell has it for what Ctrl-C has ended. */
const interruptedCode = 130;

/**
 * `demo`: the main job with three agents, every claim checked; exit code 1 when one does not hold. Interrupted, it puts
 * away what it has begun.
 */
export function register(command: Command, context: () => Context): void {
  command
    .option(
      '--messages <n>',
      'messages of the conversation, answers included',
      wholeNumber(200, 1_000_000),
      240,
    )
    .option('--deadline-seconds <n>', 'it has failed when it takes longer', wholeNumber(10, 86_400), 180)
    .action(act((options: DemoCommandOptions) => demo(context(), options)));
}

async function demo(context: Context, { messages, deadlineSeconds }: DemoCommandOptions): Promise<void> {
  const { dataDirectory, output, environment } = context;
  const run = await findRunning(dataDirectory);
  if (run?.phase !== 'ready')
    throw new UserError('Concordat does not run. Start it with: ./concordat up --detach');
  // Whoever is logged in may not do, or not prove, what the demo shows: it is about the installation.
  const { adminKeyFile: apiKeyFile } = dataFolder(dataDirectory);
  const admin = await new Connection(context, { apiKeyFile }, patient).asAdmin();
  const deadline = AbortSignal.timeout(deadlineSeconds * 1_000);
  const { signal: interrupted, release } = heedInterruption();
  try {
    const result = await runDemo({
      ...{ run, admin, messages, deadline, interrupted },
      runNow: () => findRunning(dataDirectory),
      env: environment.services,
      story: storyOn(process.stderr),
    });
    output.data(result, () => `\n${summaryOf(result)}`);
    if (interrupted.aborted) process.exitCode = interruptedCode;
    else if (!result.ok) process.exitCode = 1;
  } finally {
    release();
  }
}
