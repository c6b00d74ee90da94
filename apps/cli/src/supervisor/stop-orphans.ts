import { stopStoredProcess } from '@concordat/processes';
import { type Progress } from '../output';
import { drainOrder, type Stage } from './fleet';
import { type RunFile, type RunFileProcess } from './run-file';

const DEADLINE_MS = 15_000;

/**
 * Stops what a supervisor that was killed left running, in the order of a drain. Processes are recognised by their birth
 * marks: one that merely has the same pid by now is not touched.
 */
export async function stopOrphans(run: RunFile, progress: Progress): Promise<void> {
  for (const stage of drainOrder) {
    const members = run.processes.filter((entry) => stageOf(entry) === stage);
    if (members.length > 0)
      progress.doing(`stopping what an earlier run left: ${members.map(({ name }) => name).join(', ')}`);
    const outcomes = await Promise.all(members.map((entry) => stopOrphan(entry)));
    const stopped = members.filter((_, index) => outcomes[index] !== 'gone').map(({ name }) => name);
    if (stopped.length > 0)
      progress.warn(`stopped what an earlier run had left behind: ${stopped.join(', ')}`);
  }
  progress.end();
}

const stopOrphan = ({ name, pid, mark }: RunFileProcess): Promise<'gone' | 'stopped' | 'killed'> =>
  pid === null
    ? Promise.resolve('gone')
    : stopStoredProcess(
        { pid, mark: mark ?? undefined, stopSignal: name === 'postgres' ? 'SIGINT' : 'SIGTERM' },
        DEADLINE_MS,
      );

const stageOf = ({ name, healthUrl }: RunFileProcess): Stage => {
  if (healthUrl === undefined) return 'database';
  return name.startsWith('bus-gateway') ? 'gateway' : 'service';
};
