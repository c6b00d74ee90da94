import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isSameProcess, type ProcessState, writePrivateFile } from '@concordat/processes';

/** `<data>/run.json`: what runs, where it listens, and how to recognise it again. */
export interface RunFile {
  readonly version: 1;
  readonly supervisorPid: number;
  /** tells the supervisor from a later process with its pid; see birthMark */
  readonly supervisorMark: string;
  readonly startedAt: string;
  /** `ready` once all processes have been ready */
  readonly phase: 'starting' | 'ready' | 'stopping';
  readonly dataDir: string;
  readonly http: readonly string[];
  readonly grpc: readonly string[];
  readonly adminKeyFile: string;
  readonly vkeyFile: string;
  readonly processes: readonly RunFileProcess[];
}

export interface RunFileProcess {
  readonly name: string;
  /** null while none runs */
  readonly pid: number | null;
  readonly mark: string | null;
  readonly port: number;
  /** answers GET <healthUrl>/health/ready */
  readonly healthUrl?: string;
  readonly state: ProcessState;
  readonly restarts: number;
  readonly logFile: string;
}

export const runFilePath = (dataDirectory: string): string => join(dataDirectory, 'run.json');
export const lockPath = (dataDirectory: string): string => join(dataDirectory, 'supervisor.lock');

/** @returns undefined when there is none, or none that can be read (a power cut may leave anything) */
export async function readRunFile(dataDirectory: string): Promise<RunFile | undefined> {
  try {
    const run = JSON.parse(await readFile(runFilePath(dataDirectory), 'utf8')) as RunFile;
    return run.version === 1 && Array.isArray(run.processes) ? run : undefined;
  } catch {
    return undefined;
  }
}

export const supervisorLives = (run: RunFile): boolean =>
  isSameProcess(run.supervisorPid, run.supervisorMark);

/** Writes the newest state; while one write is under way, further changes are gathered into the next. */
export class RunFileWriter {
  private wanted = false;
  private writing: Promise<void> | undefined;
  private closed = false;

  constructor(
    private readonly dataDirectory: string,
    private readonly current: () => RunFile,
    private readonly onError: (error: Error) => void,
  ) {}

  changed(): void {
    if (this.closed) return;
    this.wanted = true;
    this.writing ??= this.writeAll().finally(() => (this.writing = undefined));
  }

  async flush(): Promise<void> {
    this.changed();
    await this.writing;
  }

  async remove(): Promise<void> {
    this.closed = true;
    await this.writing;
    await rm(runFilePath(this.dataDirectory), { force: true });
  }

  private async writeAll(): Promise<void> {
    while (this.wanted) {
      this.wanted = false;
      try {
        await writePrivateFile(
          runFilePath(this.dataDirectory),
          `${JSON.stringify(this.current(), null, 2)}\n`,
        );
      } catch (error) {
        // A full disk must not stop what runs.
        this.onError(error as Error);
      }
    }
  }
}
