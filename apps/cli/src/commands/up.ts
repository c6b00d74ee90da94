import { type Command } from 'commander';
import { outliveOutput } from '../broken-output';
import { type Context, UserError } from '../context';
import { adminKeyFix, isAdminKeyLost, readAdminKey } from '../supervisor/admin-key';
import { claimFolder } from '../supervisor/claim-folder';
import { dataFolder } from '../supervisor/provision';
import { overview } from '../supervisor/overview';
import { provideRedis } from '../supervisor/provide-redis';
import { startDetached } from '../supervisor/detached';
import { type RunFile } from '../supervisor/run-file';
import { findRunning, supervisorPid, whenRunning } from '../supervisor/running';
import { AlreadyRunningError, supervise } from '../supervisor/supervise';
import {
  addUpOptions,
  createPrivately,
  stopSignals,
  superviseOptions,
  upArguments,
  type UpOptions,
} from '../supervisor/up-options';

/** `up`: from nothing to ready. */
export function register(command: Command, context: () => Context): void {
  addUpOptions(command)
    .option('-d, --detach', 'return when everything is ready; it goes on in the background')
    .action(async (options: UpOptions & { detach?: boolean }) => {
      const run = options.detach === true ? upDetached : upForeground;
      await run(context(), options);
    });
}

async function upDetached(context: Context, options: UpOptions): Promise<void> {
  if (await showRunning(context, options)) return;
  await claimFolder(context.dataDirectory);
  await provideRedis(context);
  const firstStart = await isFirstStart(context);
  const { dataDirectory, environment, progress } = context;
  const args = upArguments(options);
  const run = await startDetached({ dataDirectory, args, env: environment.tools }, progress);
  if (run !== undefined)
    await showStarted(context, run, firstStart, 'It runs in the background; stop it: ./concordat down');
  else if (!(await showRunning(context, options)))
    throw new UserError('Another ./concordat up failed meanwhile; try again.');
}

async function upForeground(context: Context, options: UpOptions): Promise<void> {
  if (await showRunning(context, options)) return;
  await claimFolder(context.dataDirectory);
  await provideRedis(context);
  const firstStart = await isFirstStart(context);
  createPrivately();
  outliveOutput();
  const { stop, hurry } = stopSignals(context.environment);
  const { progress } = context;
  stop.addEventListener('abort', () => progress.warn('stopping; press Ctrl-C again to hurry'));
  const onReady = (run: RunFile): void => void showStarted(context, run, firstStart, 'Stop: Ctrl-C');
  try {
    await supervise(superviseOptions(context, options), { progress, onReady }, stop, hurry);
    progress.done('stopped');
  } catch (error) {
    if (!(error instanceof AlreadyRunningError)) throw error;
    await showRunning(context, options);
  }
}

/** When Concordat already runs, says so; when someone is just starting it, waits for that first. */
async function showRunning(context: Context, { readySeconds }: UpOptions): Promise<boolean> {
  const { dataDirectory, output, progress } = context;
  let run = await findRunning(dataDirectory);
  if (run?.phase !== 'ready') {
    const pid = await supervisorPid(dataDirectory);
    if (pid === undefined) return false;
    progress.doing(`waiting for process ${pid}, which is starting or stopping Concordat`);
    run = await whenRunning(dataDirectory, readySeconds * 1_000);
    progress.end();
    if (run === undefined && (await supervisorPid(dataDirectory)) === undefined) return false;
    if (run === undefined)
      throw new UserError(`Process ${pid} has not become ready. Stop it with: ./concordat down`);
  }
  const { summary, lines } = await overview(run);
  output.data({ ...summary, alreadyRunning: true }, () => ['Concordat already runs.', ...lines].join('\n'));
  return true;
}

const isFirstStart = async ({ dataDirectory }: Context): Promise<boolean> =>
  (await readAdminKey(dataFolder(dataDirectory).adminKeyFile)) === undefined;

async function showStarted(
  context: Context,
  run: RunFile,
  firstStart: boolean,
  howToStop: string,
): Promise<void> {
  const key = firstStart ? await readAdminKey(run.adminKeyFile) : undefined;
  const folder = dataFolder(run.dataDir);
  if (await isAdminKeyLost(folder))
    context.progress.warn(`${folder.adminKeyFile} is missing. ${adminKeyFix(folder)}`);
  const { summary, lines } = await overview(run);
  const value = { ...summary, alreadyRunning: false, ...(key === undefined ? {} : { adminKey: key }) };
  const shownOnce = key === undefined ? [] : ['', `Admin API key, shown this once:  ${key}`];
  context.output.data(value, () =>
    ['Concordat is ready.', ...lines, ...shownOnce, '', 'Next: ./concordat demo', howToStop].join('\n'),
  );
}
