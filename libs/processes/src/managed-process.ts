import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { closeSync } from 'node:fs';
import {
  CRASH_LOOP_EXITS,
  restartBackoff,
  restartDelayMs,
  shortBackoff,
  STABLE_AFTER_MS,
  systemRandom,
} from './backoff';
import { type Clock, systemClock } from './clock';
import { NotReadyError } from './not-ready-error';
import { dyingWithParent } from './parent-death';
import { birthMark } from './process-identity';
import { ProcessLog } from './process-log';
import {
  type Exit,
  type ProcessEvents,
  type ProcessSpec,
  type ProcessState,
  type Supervision,
} from './process-spec';
import { DeadlineError, seconds, waitUntil } from './wait-until';

const notRun = (why: string): Exit => ({ pid: undefined, code: null, signal: null, why });

/** Many of them may be frames of one stack. */
const TAIL_LINES = 100;
const ROTATION_CHECK_MS = 5_000;

/**
 * One child process that is kept running: started, probed until it serves, started again when it ends by itself, and
 * stopped in order. It lives in a session of its own, so that Ctrl-C reaches the supervisor only, which then drains in
 * the right order; it dies with the supervisor where the kernel can arrange that (`parent-death.ts`).
 */
export class ManagedProcess extends EventEmitter<ProcessEvents> {
  readonly log: ProcessLog;
  private child: ChildProcess | undefined;
  private running: Promise<void> | undefined;
  private readonly stopRequest = new AbortController();
  private current: ProcessState = 'idle';
  /** exits without a stable time between them */
  private exitsInARow = 0;
  /** exits in a row before it served at all */
  private failedStarts = 0;
  private starts = 0;
  private logMark = 0;
  private waitingFor = 'not started';
  private readonly clock: Clock;

  constructor(
    readonly spec: ProcessSpec,
    private readonly supervision: Supervision = {},
  ) {
    super();
    this.clock = supervision.clock ?? systemClock;
    this.log = new ProcessLog(spec.logFile, spec.logMaxBytes);
  }

  get name(): string {
    return this.spec.name;
  }
  get state(): ProcessState {
    return this.current;
  }
  /** undefined while no process runs */
  get pid(): number | undefined {
    return this.child?.pid;
  }
  /** with the pid, names the process for ever */
  get mark(): string | undefined {
    return this.pid === undefined ? undefined : birthMark(this.pid);
  }
  /** how often it was started again */
  get restarts(): number {
    return Math.max(0, this.starts - 1);
  }

  /** Starts, and keeps running until `stop`. Returns at once. */
  start(): void {
    this.running ??= this.keepRunning();
  }

  /**
   * Waits until it serves.
   * @throws NotReadyError at the deadline, in a crash loop, or when it was stopped; with the last lines of its log
   */
  async whenReady(deadlineMs: number, signal?: AbortSignal): Promise<void> {
    const hopeless = (): string | undefined => {
      if (this.failedStarts >= CRASH_LOOP_EXITS)
        return `it ended ${this.failedStarts} times in a row, last: ${this.waitingFor}`;
      if (this.stopRequest.signal.aborted) return 'it was stopped';
      return this.current === 'stopped' ? `it ended: ${this.waitingFor}` : undefined;
    };
    const probe = async (): Promise<void> => {
      if (this.current !== 'ready' && hopeless() === undefined) throw new Error(this.waitingFor);
    };
    await waitUntil(probe, { deadlineMs, signal, clock: this.clock }).catch((error: unknown) => {
      if (!(error instanceof DeadlineError)) throw error;
      throw this.notReady(`within ${seconds(deadlineMs)}: ${this.waitingFor}`);
    });
    const why = hopeless();
    if (why !== undefined) throw this.notReady(why);
  }

  /** @returns false when no process runs */
  kill(name: NodeJS.Signals): boolean {
    return this.child?.kill(name) ?? false;
  }

  /**
   * Ends it for good: asks, and kills after the deadline. Safe to call twice and in every state.
   * @param deadlineMs overrides the deadline of the spec; 0 kills at once
   */
  async stop(deadlineMs = this.spec.stopTimeoutMs ?? 10_000): Promise<void> {
    this.stopRequest.abort();
    if (this.child === undefined) this.enter('stopped');
    else {
      this.enter('stopping');
      if (deadlineMs > 0) this.child.kill(this.spec.stopSignal ?? 'SIGTERM');
      const expired = new AbortController();
      const killer = this.clock.sleep(deadlineMs, expired.signal).then(
        () => this.killGroup(),
        () => undefined,
      );
      await this.running;
      expired.abort();
      await killer;
      return;
    }
    await this.running;
  }

  private async keepRunning(): Promise<void> {
    const rotation = setInterval(
      () => void this.log.rotateIfFull().catch(() => undefined),
      ROTATION_CHECK_MS,
    );
    rotation.unref();
    try {
      while (!this.stopRequest.signal.aborted) {
        const { why } = await this.runOnce();
        this.waitingFor = why;
        if (this.stopRequest.signal.aborted || this.supervision.restart === false) break;
        await this.pauseBeforeRestart(why);
      }
    } finally {
      clearInterval(rotation);
      this.enter('stopped');
    }
  }

  private async runOnce(): Promise<Exit> {
    this.enter(this.current === 'crash-loop' ? 'crash-loop' : 'starting');
    let child: ChildProcess;
    try {
      await this.spec.beforeStart?.();
      if (this.stopRequest.signal.aborted) return notRun('stopped');
      child = this.spawn();
    } catch (error) {
      return this.exited(notRun(`cannot be started: ${(error as Error).message}`));
    }
    const ended = new AbortController();
    const exit = new Promise<Exit>((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null, why: string): void => {
        ended.abort();
        resolve({ pid: child.pid, code, signal, why });
      };
      child.once('error', (error) => end(null, null, `cannot be started: ${error.message}`));
      child.once('exit', (code, signal) =>
        end(code, signal, signal === null ? `exit code ${code}` : `killed by ${signal}`),
      );
    });
    this.child = child;
    this.starts += 1;
    if (child.pid !== undefined) {
      this.emit('started', { pid: child.pid });
      void this.watchReadiness(child.pid, ended.signal);
    }
    return this.exited(await exit);
  }

  private exited(exit: Exit): Exit {
    this.child = undefined;
    this.exitsInARow += 1;
    this.failedStarts += 1;
    // Before anyone hears of it: whoever waits for readiness after an exit must not see the old state.
    this.enter(this.supervision.restart === false ? 'stopped' : 'restarting');
    this.emit('exited', exit);
    return exit;
  }

  private spawn(): ChildProcess {
    const { command, args, env, cwd, user, stopSignal = 'SIGTERM' } = this.spec;
    this.logMark = this.log.size();
    const output = this.log.open();
    try {
      const wrapped = dyingWithParent(command, args, stopSignal);
      return spawn(wrapped.command, wrapped.args, {
        detached: true,
        stdio: ['ignore', output, output],
        env: { ...env },
        ...(cwd === undefined ? {} : { cwd }),
        ...user,
      });
    } finally {
      closeSync(output);
    }
  }

  private async watchReadiness(pid: number, ended: AbortSignal): Promise<void> {
    const started = this.clock.now();
    this.waitingFor = 'starting';
    try {
      await waitUntil((signal) => this.spec.probe(pid, signal), {
        signal: ended,
        clock: this.clock,
        onAttempt: ({ message }) => (this.waitingFor = message),
      });
      if (ended.aborted || this.stopRequest.signal.aborted) return;
      this.failedStarts = 0;
      this.enter('ready');
      this.emit('ready', { pid, afterMs: Math.round(this.clock.now() - started) });
      await this.clock.sleep(STABLE_AFTER_MS, ended);
      this.exitsInARow = 0;
    } catch {
      // It ended first; keepRunning deals with that.
    }
  }

  private async pauseBeforeRestart(why: string): Promise<void> {
    const { exitsInARow } = this;
    const crashLoop = exitsInARow >= CRASH_LOOP_EXITS;
    const served = this.failedStarts <= 1;
    const random = this.supervision.random ?? systemRandom;
    const delayMs = restartDelayMs(exitsInARow, random, served ? shortBackoff : restartBackoff);
    if (crashLoop) this.enter('crash-loop');
    this.emit('restarting', { exitsInARow, delayMs, crashLoop, why });
    await this.clock.sleep(delayMs, this.stopRequest.signal).catch(() => undefined);
  }

  /** It leads a process group of its own, so nothing that it started survives it. */
  private killGroup(): void {
    const { pid } = this;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      this.child?.kill('SIGKILL');
    }
  }

  private notReady(why: string): NotReadyError {
    return new NotReadyError(this.name, why, this.spec.logFile, this.log.tail(TAIL_LINES, this.logMark));
  }

  private enter(state: ProcessState): void {
    if (this.current === state) return;
    if (this.current === 'stopping' && state !== 'stopped') return;
    this.current = state;
    this.emit('state', state);
  }
}
