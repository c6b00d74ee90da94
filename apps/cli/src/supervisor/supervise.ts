import { birthMark, isLock, type Lock, takeLock } from '@concordat/processes';
import { UserError } from '../context';
import { type Environment } from '../environment';
import { type Progress } from '../output';
import { databaseProcesses, ownDatabases } from './databases';
import { Fleet, type Member } from './fleet';
import { planPorts, type PortPlan, type PortWishes } from './port-plan';
import { dataFolder, type DataFolder, provideDataFolder, provideIdentities } from './provision';
import { lockPath, readRunFile, type RunFile, RunFileWriter } from './run-file';
import { serviceProcesses, type ServiceSettings } from './service-processes';
import { stopOrphans } from './stop-orphans';

export interface SuperviseOptions {
  readonly dataDirectory: string;
  readonly environment: Environment;
  readonly appsDirectory: string;
  readonly ports: PortWishes;
  /** how long all together may take to become ready */
  readonly readyDeadlineMs: number;
  /** what to run besides the databases; tests pass stand-ins */
  readonly services?: (settings: ServiceSettings) => Promise<Member[]>;
}

export interface SuperviseEvents {
  readonly progress: Progress;
  /** everything serves */
  onReady(run: RunFile): void;
}

/** Another supervisor has this data folder. */
export class AlreadyRunningError extends UserError {
  constructor(
    readonly pid: number,
    dataDirectory: string,
  ) {
    super(`Concordat already runs for ${dataDirectory} (process ${pid}). Stop it with: ./concordat down`);
  }
}

/**
 * Runs Concordat: databases, then services, until it is told to stop; then drains in order. A start that fails leaves
 * nothing running.
 * @param stop ends it; fired during the start it calls that off
 * @param hurry ends the services at once when the drain takes too long for the one who waits
 * @throws NotReadyError, PortTakenError, AlreadyRunningError …: why it did not start
 */
export async function supervise(
  options: SuperviseOptions,
  events: SuperviseEvents,
  stop: AbortSignal,
  hurry: AbortSignal,
): Promise<void> {
  const folder = dataFolder(options.dataDirectory);
  await provideDataFolder(folder);
  const lock = await lockFolder(folder);
  try {
    const left = await readRunFile(folder.root);
    if (left !== undefined) await stopOrphans(left, events.progress);
    await new Supervision(options, folder, events).run(stop, hurry);
  } finally {
    await lock.release();
  }
}

async function lockFolder(folder: DataFolder): Promise<Lock> {
  const taken = await takeLock(lockPath(folder.root));
  if (isLock(taken)) return taken;
  throw new AlreadyRunningError(taken.pid, folder.root);
}

class Supervision {
  private readonly fleet: Fleet;
  private readonly runFile: RunFileWriter;
  private readonly startedAt = new Date().toISOString();
  private phase: RunFile['phase'] = 'starting';
  private ports: PortPlan | undefined;

  constructor(
    private readonly options: SuperviseOptions,
    private readonly folder: DataFolder,
    private readonly events: SuperviseEvents,
  ) {
    const { progress } = events;
    this.runFile = new RunFileWriter(
      folder.root,
      () => this.describe(),
      (error) => progress.warn(`run.json could not be written: ${error.message}`),
    );
    this.fleet = new Fleet(
      () => this.runFile.changed(),
      (text) => progress.warn(text),
    );
  }

  async run(stop: AbortSignal, hurry: AbortSignal): Promise<void> {
    const { progress } = this.events;
    await this.runFile.flush();
    try {
      await this.start(stop);
      this.phase = 'ready';
      await this.runFile.flush();
      this.events.onReady(this.describe());
      await aborted(stop);
    } catch (error) {
      // Called off is no failure.
      if (!stop.aborted) throw error;
    } finally {
      this.phase = 'stopping';
      this.runFile.changed();
      await this.fleet.drain((_stage, names) => progress.doing(`stopping ${names.join(', ')}`), hurry);
      await this.runFile.remove();
      progress.end();
    }
  }

  private async start(stop: AbortSignal): Promise<void> {
    const { environment, appsDirectory, services = serviceProcesses } = this.options;
    const { progress } = this.events;
    const databases = ownDatabases(environment);
    await provideIdentities(this.folder);
    const ports = (this.ports = await planPorts(this.folder.root, this.options.ports, databases));
    stop.throwIfAborted();
    const settings = { environment, folder: this.folder, ports, appsDirectory };
    // Asked before the databases start: a missing build should show at once.
    const serviceMembers = await services(settings);
    if (databases.length > 0) {
      progress.doing(`preparing ${databases.join(', ')}`);
      await this.startAll(await databaseProcesses(settings), stop);
      progress.done(`${databases.join(', ')} ready`);
    } else await databaseProcesses(settings);
    await this.startAll(serviceMembers, stop);
    progress.done(`${serviceMembers.map(({ process }) => process.name).join(', ')} ready`);
  }

  private async startAll(members: readonly Member[], stop: AbortSignal): Promise<void> {
    stop.throwIfAborted();
    for (const member of members) this.fleet.add(member);
    await this.fleet.whenReady(this.options.readyDeadlineMs, stop, (names) =>
      this.events.progress.doing(`waiting for ${names.join(', ')}`),
    );
  }

  private describe(): RunFile {
    const { http = [], grpc = [] } = this.ports ?? {};
    return {
      version: 1,
      supervisorPid: process.pid,
      supervisorMark: birthMark(process.pid) ?? '',
      startedAt: this.startedAt,
      phase: this.phase,
      dataDir: this.folder.root,
      http: http.map((port) => `http://127.0.0.1:${port}`),
      grpc: grpc.map((port) => `127.0.0.1:${port}`),
      adminKeyFile: this.folder.adminKeyFile,
      vkeyFile: this.folder.vkeyFile,
      processes: this.fleet.describe(),
    };
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
