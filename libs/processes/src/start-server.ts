import { type ManagedProcess } from './managed-process';
import { signalFamily } from './process-family';

/** A server started by `startRedis` or `startPostgres`: what tests and tools need of it. */
export interface StartedServer {
  /** with the password */
  readonly url: string;
  readonly port: number;
  /** holds password and data */
  readonly directory: string;
  /** undefined while no process runs */
  readonly pid: number | undefined;
  readonly restarts: number;
  readonly process: ManagedProcess;
  /** Ends the process as a power switch would; resolves when it is dead. It is started again unless `restart: false`. */
  kill9(): Promise<void>;
  /** Resolves when it serves (again). */
  whenReady(deadlineMs?: number): Promise<void>;
  /** Freezes it with all its children (SIGSTOP): it accepts connections and says nothing. */
  suspend(): void;
  resume(): void;
  /** Orderly stop. Removes the folder when it was a temporary one. Safe to call twice. */
  stop(): Promise<void>;
}

export const READY_DEADLINE_MS = 30_000;

interface Parts {
  readonly process: ManagedProcess;
  readonly url: string;
  readonly port: number;
  readonly directory: string;
  readonly cleanUp: () => Promise<void> | void;
}

/** Starts it and waits until it serves; on failure nothing is left behind. */
export async function startServer({
  process: child,
  url,
  port,
  directory,
  cleanUp,
}: Parts): Promise<StartedServer> {
  const signal = (name: 'SIGSTOP' | 'SIGCONT'): void => {
    if (child.pid !== undefined) signalFamily(child.pid, name);
  };
  const stop = async (): Promise<void> => {
    signal('SIGCONT');
    await child.stop();
    await cleanUp();
  };
  child.start();
  try {
    await child.whenReady(READY_DEADLINE_MS);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    port,
    directory,
    process: child,
    get pid() {
      return child.pid;
    },
    get restarts() {
      return child.restarts;
    },
    kill9: () => killAndWait(child),
    whenReady: (deadlineMs = READY_DEADLINE_MS) => child.whenReady(deadlineMs),
    suspend: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    stop,
  };
}

async function killAndWait(child: ManagedProcess): Promise<void> {
  await new Promise<void>((resolve) => {
    child.once('exited', () => resolve());
    if (child.kill('SIGKILL')) return;
    resolve();
  });
}
