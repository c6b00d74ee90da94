import { type Command } from 'commander';
import { outliveOutput } from '../broken-output';
import { type Context } from '../context';
import { type Progress } from '../output';
import { type SupervisorMessage } from '../supervisor/detached';
import { type RunFile } from '../supervisor/run-file';
import { AlreadyRunningError, supervise } from '../supervisor/supervise';
import {
  addUpOptions,
  createPrivately,
  stopSignals,
  superviseOptions,
  type UpOptions,
} from '../supervisor/up-options';

/** The supervisor in the background. It tells its starter how it goes, and its log (stderr) everything. */
export function register(command: Command, context: () => Context): void {
  addUpOptions(command).action(async (options: UpOptions) => {
    createPrivately();
    outliveOutput();
    const { stop, hurry } = stopSignals(context().environment);
    const { send, close } = starter();
    const progress = loggedProgress(send);
    const onReady = (run: RunFile): void => {
      process.stderr.write(`${new Date().toISOString()} ready\n`);
      void send({ kind: 'ready', run }).then(close);
    };
    try {
      await supervise(superviseOptions(context(), options), { progress, onReady }, stop, hurry);
      progress.done('stopped');
    } catch (error) {
      const { message } = error as Error;
      await send({ kind: 'failed', message, alreadyRunning: error instanceof AlreadyRunningError });
      throw error;
    } finally {
      close();
    }
  });
}

interface Starter {
  /** Never fails: the command that started this process may be gone at any time, and that must not disturb. */
  send(message: SupervisorMessage): Promise<void>;
  close(): void;
}

function starter(): Starter {
  process.on('error', () => undefined);
  return {
    send: (message) =>
      new Promise((resolve) => {
        if (process.connected) process.send?.(message, undefined, {}, () => resolve());
        else resolve();
      }),
    close: () => {
      if (process.connected) process.disconnect();
    },
  };
}

function loggedProgress(send: Starter['send']): Progress {
  const tell = (kind: 'doing' | 'done' | 'warn') => (text: string) => {
    process.stderr.write(`${new Date().toISOString()} ${kind === 'warn' ? '! ' : ''}${text}\n`);
    void send({ kind, text });
  };
  return {
    doing: tell('doing'),
    done: tell('done'),
    warn: tell('warn'),
    end: () => void send({ kind: 'end' }),
  };
}
