import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import {
  ConcordatProblem,
  type OperationOutput,
  type OperationRequest,
  type PublicOperationName,
} from '@concordat/sdk';
import { repositoryRoot } from '../repository';
import { type AgentCommand, type AgentReport } from './agent-messages';

/** The built script; also when the demo runs from the sources, as in tests. */
const script = join(repositoryRoot, 'apps', 'cli', 'dist', 'demo', 'agent-process.js');
const keptErrorText = 2_000;

interface Pending {
  resolve(output: unknown): void;
  reject(error: Error): void;
}

export interface AgentChildOptions {
  readonly name: string;
  readonly urls: readonly string[];
  /** base64url */
  readonly secretKey: string;
  readonly env: Readonly<Record<string, string>>;
  /** Ends calls that wait. */
  readonly deadline: AbortSignal;
  /** Hears everything that the process tells, and when it ends by itself. */
  readonly onReport: (report: AgentReport) => void;
}

/** An agent of the demo, as seen from the demo: its process, and how to speak to it. */
export class AgentChild {
  readonly #child: ChildProcess;
  readonly #calls = new Map<number, Pending>();
  readonly #started: Promise<string>;
  readonly #ended: Promise<void>;
  #numbers = 0;
  #errorText = '';
  #isStopping = false;

  constructor(private readonly options: AgentChildOptions) {
    const { env, urls, secretKey } = options;
    this.#child = spawn(process.execPath, ['--enable-source-maps', script], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...env },
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errorText = (this.#errorText + text).slice(-keptErrorText);
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', () => resolve());
      this.#child.once('close', () => resolve());
    });
    this.#started = new Promise((resolve, reject) => {
      this.#child.on('message', (report: AgentReport) => {
        if (report.kind === 'started') resolve(report.did);
        if (report.kind === 'failed') reject(new Error(`${options.name}: ${report.detail}`));
        this.#hear(report);
      });
      void this.#ended.then(() => {
        const detail = `the process of ${options.name} ended: ${this.#errorText.trim() || 'without a word'}`;
        reject(new Error(detail));
        this.#rejectCalls(new Error(detail));
        if (!this.#isStopping) options.onReport({ kind: 'failed', detail });
      });
      options.deadline.addEventListener('abort', () => {
        reject(this.#late());
        this.#rejectCalls(this.#late());
      });
    });
    // Whoever starts it waits for it; until then nobody may have asked.
    this.#started.catch(() => undefined);
    this.tell({ kind: 'start', urls, secretKey });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** @returns its DID, once it has proved who it is @throws Error when it could not */
  started(): Promise<string> {
    return this.#started;
  }

  tell(command: AgentCommand): void {
    if (this.#child.connected) this.#child.send(command);
  }

  /** Lets the agent call an operation. @throws ConcordatProblem as it got it; Error when its process ends */
  call<N extends PublicOperationName>(
    operation: N,
    input: OperationRequest<N>,
    traceparent: string,
  ): Promise<OperationOutput<N>> {
    const number = ++this.#numbers;
    return new Promise((resolve, reject) => {
      if (this.options.deadline.aborted) return reject(this.#late());
      this.#calls.set(number, { resolve: resolve as Pending['resolve'], reject });
      this.tell({
        kind: 'call',
        number,
        operation,
        input: input as OperationRequest<PublicOperationName>,
        traceparent,
      });
    });
  }

  /** Lets it finish what it has begun; after the time it is killed. */
  async stop(deadlineMs: number): Promise<void> {
    this.#isStopping = true;
    this.tell({ kind: 'stop' });
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), deadlineMs);
    await this.#ended;
    clearTimeout(killer);
  }

  #late(): Error {
    return new Error(`${this.options.name} took too long`);
  }

  #hear(report: AgentReport): void {
    if (report.kind === 'called') this.#take(report.number)?.resolve(report.output);
    else if (report.kind === 'refused')
      this.#take(report.number)?.reject(new ConcordatProblem(report.code, report));
    this.options.onReport(report);
  }

  #rejectCalls(error: Error): void {
    for (const call of this.#calls.values()) call.reject(error);
    this.#calls.clear();
  }

  #take(number: number): Pending | undefined {
    const pending = this.#calls.get(number);
    this.#calls.delete(number);
    return pending;
  }
}
