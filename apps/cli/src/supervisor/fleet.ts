import { type ManagedProcess, type ProcessState } from '@concordat/processes';
import { type RunFileProcess } from './run-file';

/** Stopped in this order, started in the reverse one: who calls before who is called. */
export type Stage = 'gateway' | 'service' | 'database';
export const drainOrder: readonly Stage[] = ['gateway', 'service', 'database'];

/** A process that the supervisor keeps running. */
export interface Member {
  readonly stage: Stage;
  readonly process: ManagedProcess;
  readonly port: number;
  readonly healthUrl?: string;
}

/** Everything that one supervisor runs. */
export class Fleet {
  private readonly members: Member[] = [];

  constructor(
    private readonly onChange: () => void,
    private readonly onTrouble: (text: string) => void,
  ) {}

  /** Starts a process and watches it from now on. */
  add(member: Member): void {
    const { process: child } = member;
    this.members.push(member);
    child.on('state', this.onChange);
    child.on('started', this.onChange);
    child.on('ready', ({ afterMs }) => {
      if (child.restarts > 0) this.onTrouble(`${child.name} is back, ready after ${afterMs} ms`);
    });
    child.on('restarting', ({ exitsInARow, delayMs, crashLoop, why }) => {
      const next = delayMs === 0 ? 'at once' : `in ${delayMs} ms`;
      const times = crashLoop ? `, ${exitsInARow} times in a row; see ${child.log.file}` : '';
      this.onTrouble(`${child.name} ended (${why})${times}; starting it again ${next}`);
    });
    child.start();
    this.onChange();
  }

  /**
   * Waits until all that were added serve.
   * @param onWaiting hears the names of those that do not yet, whenever they change
   * @throws NotReadyError of the first that will not
   */
  async whenReady(
    deadlineMs: number,
    signal: AbortSignal,
    onWaiting: (names: string[]) => void,
  ): Promise<void> {
    const waiting = new Set(this.members.filter(({ process }) => process.state !== 'ready'));
    if (waiting.size === 0) return;
    onWaiting(namesOf(waiting));
    const failed = new AbortController();
    const onAbort = (): void => failed.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.all(
        [...waiting].map(async (member) => {
          await member.process.whenReady(deadlineMs, failed.signal);
          waiting.delete(member);
          if (waiting.size > 0 && !failed.signal.aborted) onWaiting(namesOf(waiting));
        }),
      );
    } finally {
      signal.removeEventListener('abort', onAbort);
      failed.abort();
    }
  }

  /**
   * Stops stage by stage, within a stage all at once.
   * @param hurry when it fires, those of the services that still run are killed; databases always end in order
   */
  async drain(onStage: (stage: Stage, names: string[]) => void, hurry: AbortSignal): Promise<void> {
    for (const stage of drainOrder) {
      const members = this.members.filter(
        (member) => member.stage === stage && member.process.state !== 'stopped',
      );
      if (members.length === 0) continue;
      onStage(stage, namesOf(members));
      await Promise.all(
        members.map(({ process }) => stopMember(process, stage === 'database' ? undefined : hurry)),
      );
    }
  }

  describe(): RunFileProcess[] {
    return this.members.map(({ process: child, port, healthUrl }) => ({
      name: child.name,
      pid: child.pid ?? null,
      mark: child.mark ?? null,
      port,
      ...(healthUrl === undefined ? {} : { healthUrl }),
      state: child.state satisfies ProcessState,
      restarts: child.restarts,
      logFile: child.log.file,
    }));
  }
}

async function stopMember(child: ManagedProcess, hurry: AbortSignal | undefined): Promise<void> {
  if (hurry?.aborted === true) return child.stop(0);
  const kill = (): void => void child.stop(0);
  hurry?.addEventListener('abort', kill, { once: true });
  await child.stop();
  hurry?.removeEventListener('abort', kill);
}

const namesOf = (members: Iterable<Member>): string[] => [...members].map(({ process }) => process.name);
