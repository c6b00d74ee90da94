import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSameProcess, type ProcessState, writePrivateFile } from '@concordat/processes';
import { z } from 'zod';

const processStates = [
  'idle',
  'starting',
  'ready',
  'restarting',
  'crash-loop',
  'stopping',
  'stopped',
] as const satisfies readonly ProcessState[];

const pid = z.int().positive();

const runFileProcess = z.object({
  name: z.string(),
  /** null while none runs */
  pid: pid.nullable(),
  mark: z.string().nullable(),
  port: z.int(),
  /** answers GET <healthUrl>/health/ready */
  healthUrl: z.string().optional(),
  state: z.enum(processStates),
  restarts: z.int(),
  logFile: z.string(),
});

const runFile = z.object({
  version: z.literal(1),
  supervisorPid: pid,
  /** tells the supervisor from a later process with its pid; see birthMark */
  supervisorMark: z.string(),
  startedAt: z.string(),
  /** `ready` once all processes have been ready */
  phase: z.enum(['starting', 'ready', 'stopping']),
  dataDir: z.string(),
  http: z.array(z.string()).readonly(),
  grpc: z.array(z.string()).readonly(),
  adminKeyFile: z.string(),
  vkeyFile: z.string(),
  processes: z.array(runFileProcess.readonly()).readonly(),
});

/** `<data>/run.json`: what runs, where it listens, and how to recognise it again. */
export type RunFile = Readonly<z.infer<typeof runFile>>;
export type RunFileProcess = Readonly<z.infer<typeof runFileProcess>>;

export const runFilePath = (dataDirectory: string): string => join(dataDirectory, 'run.json');
export const lockPath = (dataDirectory: string): string => join(dataDirectory, 'supervisor.lock');

/** @returns undefined when there is none, or none that can be read (a power cut may leave anything) */
export async function readRunFile(dataDirectory: string): Promise<RunFile | undefined> {
  const found = await lookForRunFile(dataDirectory);
  return typeof found === 'string' ? undefined : found;
}

/** @returns the file; undefined when there is none; or why it cannot be read */
export async function lookForRunFile(dataDirectory: string): Promise<RunFile | string | undefined> {
  try {
    const checked = runFile.safeParse(JSON.parse(await readFile(runFilePath(dataDirectory), 'utf8')));
    return checked.success ? checked.data : 'it is damaged';
  } catch (error) {
    if (error instanceof SyntaxError) return 'it is damaged';
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : (code ?? message);
  }
}

export const supervisorLives = (run: RunFile): boolean =>
  isSameProcess(run.supervisorPid, run.supervisorMark);

/** How soon a file that somebody deleted or overwrote is there again. */
const CHECK_MS = 1_000;

/** Writes the newest state; while one write is under way, further changes are gathered into the next. */
export class RunFileWriter {
  private wanted = false;
  private writing: Promise<void> | undefined;
  private closed = false;
  private written: string | undefined;
  private failure: string | undefined;
  private readonly check = setInterval(() => void this.restore(), CHECK_MS).unref();

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
    clearInterval(this.check);
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
        this.written = await fingerprint(runFilePath(this.dataDirectory));
        this.failure = undefined;
      } catch (error) {
        // A full disk must not stop what runs; it is told once, not at every check.
        const { code, message } = error as NodeJS.ErrnoException;
        if (this.failure !== (code ?? message)) this.onError(error as Error);
        this.failure = code ?? message;
      }
    }
  }

  private async restore(): Promise<void> {
    if (this.writing !== undefined) return;
    const found = await fingerprint(runFilePath(this.dataDirectory));
    if (found === undefined || found !== this.written) this.changed();
  }
}

/** Differs when the file was replaced or changed. */
async function fingerprint(file: string): Promise<string | undefined> {
  const found = await stat(file).catch(() => undefined);
  return found && `${found.ino}:${found.mtimeMs}:${found.size}`;
}
