import { rm } from 'node:fs/promises';
import { type Command } from 'commander';
import { isSameProcess, lockHolder, seconds, stopStoredProcess } from '@concordat/processes';
import { type Context, UserError } from '../context';
import { lockPath, lookForRunFile, readRunFile, runFilePath } from '../supervisor/run-file';
import { stopOrphans } from '../supervisor/stop-orphans';

/** Longer than a drain with all its deadlines: gateways and services 10 s each, databases 30 s. */
const DRAIN_DEADLINE_MS = 60_000;

/** `down`: drains and stops everything, also what a killed supervisor left. Fine when nothing runs. */
export function register(command: Command, context: () => Context): void {
  command.action(async () => down(context()));
}

export async function down({ dataDirectory, output, progress }: Context): Promise<void> {
  const started = performance.now();
  const found = await lookForRunFile(dataDirectory);
  const file = runFilePath(dataDirectory);
  if (found === 'EACCES' || found === 'EPERM')
    throw new UserError(`This user may not read ${file}. Stop Concordat as the user that started it.`);
  const run = typeof found === 'string' ? undefined : found;
  if (typeof found === 'string') progress.warn(`${file} cannot be used: ${found}`);
  const holder = await lockHolder(lockPath(dataDirectory));
  const supervisor =
    holder ?? (run === undefined ? undefined : { pid: run.supervisorPid, mark: run.supervisorMark });
  const lives = supervisor !== undefined && isSameProcess(supervisor.pid, supervisor.mark);
  const orphans =
    run?.processes.filter(({ pid, mark }) => pid !== null && isSameProcess(pid, mark ?? undefined)) ?? [];
  if (!lives && orphans.length === 0) {
    await rm(file, { force: true });
    output.data({ stopped: false, dataDir: dataDirectory }, () => 'Concordat does not run.');
    return;
  }
  if (lives) {
    progress.doing(`draining (process ${supervisor.pid})`);
    const outcome = await stopStoredProcess(supervisor, DRAIN_DEADLINE_MS);
    if (outcome === 'killed')
      progress.warn(`process ${supervisor.pid} did not end in ${seconds(DRAIN_DEADLINE_MS)}; killed`);
  }
  // Normally the supervisor has stopped them and removed the file; one that was killed has not.
  const left = await readRunFile(dataDirectory);
  if (left !== undefined) await stopOrphans(left, progress);
  await rm(file, { force: true });
  progress.end();
  const took = Math.round(performance.now() - started);
  output.data(
    { stopped: true, dataDir: dataDirectory, durationMs: took },
    () => `Concordat has stopped (${seconds(took)}).`,
  );
}
