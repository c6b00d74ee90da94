import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyClusterTemplate, removeTemporaryDirectory, temporaryDirectory } from '@concordat/processes';
import { type Environment, readEnvironment } from '../environment';
import { type Progress } from '../output';
import { repositoryRoot } from '../repository';
import { readRunFile, type RunFile, type RunFileProcess } from './run-file';
import { supervise, type SuperviseOptions } from './supervise';

/** A supervisor that runs in this process. */
export interface Supervised {
  readonly run: RunFile;
  /** what its progress said */
  readonly lines: string[];
  stop(): Promise<void>;
  hurry(): void;
}

/** An installation whose services are stand-ins (apps/cli/test/stand-in.cjs); the databases are real. */
export interface StandIns {
  readonly folder: string;
  readonly dataDirectory: string;
  readonly appsDirectory: string;
  readonly environment: Environment;
  options(more?: Partial<SuperviseOptions>): SuperviseOptions;
  /** Makes the data folder as an earlier start leaves it: with a cluster, which takes the longest. */
  prepare(): void;
  /** `crash`, `unready`, `deaf`: what an instance (`iam-1`) does wrong from its next start on */
  tell(fault: string, instance: string): void;
  untell(fault: string, instance: string): void;
  /** what the stand-ins did, in order: "start iam-1", "drain bus-1", "end bus-1" */
  trace(): string[];
  run(): Promise<RunFile>;
  processOf(name: string): Promise<RunFileProcess>;
  /** Starts, and waits until everything is ready. */
  start(more?: Partial<SuperviseOptions>): Promise<Supervised>;
  /** Stops what was started here, and removes the folder. */
  remove(): Promise<void>;
}

const standIn = join(repositoryRoot, 'apps', 'cli', 'test', 'stand-in.cjs');

/** @param name of the folder; spaces are wanted */
export function standIns(name = 'concordat cli '): StandIns {
  // As root PostgreSQL runs as another user, which must be able to pass.
  const folder = temporaryDirectory(name, 0o711);
  const dataDirectory = join(folder, 'the data');
  const appsDirectory = join(folder, 'apps');
  for (const app of ['iam-service', 'bus-gateway', 'audit-service', 'vault-service']) {
    const dist = join(appsDirectory, app, 'dist');
    mkdirSync(dist, { recursive: true });
    writeFileSync(join(dist, 'main.js'), `require(${JSON.stringify(standIn)});\n`);
  }
  const environment = readEnvironment({ PATH: '/usr/local/bin:/usr/bin:/bin', HOME: folder });
  const run = async (): Promise<RunFile> => {
    const found = await readRunFile(dataDirectory);
    if (found === undefined) throw new Error('there is no run.json');
    return found;
  };
  const prepare = (): void => {
    if (existsSync(dataDirectory)) return;
    mkdirSync(dataDirectory, { recursive: true });
    writeFileSync(join(dataDirectory, 'supervisor.lock.1'), '{}');
    copyClusterTemplate(join(dataDirectory, 'postgres'));
  };
  const faultFile = (fault: string, instance: string): string => join(dataDirectory, `${fault}-${instance}`);
  const running: Supervised[] = [];
  const options = (more: Partial<SuperviseOptions> = {}): SuperviseOptions => ({
    dataDirectory,
    environment,
    appsDirectory,
    ports: { http: 0, grpc: undefined, gateways: 2 },
    readyDeadlineMs: 20_000,
    ...more,
  });
  return {
    folder,
    dataDirectory,
    appsDirectory,
    environment,
    options,
    prepare,
    tell: (fault, instance) => {
      prepare();
      writeFileSync(faultFile(fault, instance), '');
    },
    untell: (fault, instance) => rmSync(faultFile(fault, instance), { force: true }),
    trace: () => {
      const file = join(dataDirectory, 'trace');
      return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    },
    run,
    processOf: async (wanted) => {
      const found = (await run()).processes.find(({ name: other }) => other === wanted);
      if (found === undefined) throw new Error(`${wanted} is not in run.json`);
      return found;
    },
    start: async (more) => {
      prepare();
      const supervised = await startSupervisor(options(more));
      running.push(supervised);
      return supervised;
    },
    remove: async () => {
      for (const each of running) {
        each.hurry();
        await each.stop();
      }
      removeTemporaryDirectory(folder);
    },
  };
}

async function startSupervisor(options: SuperviseOptions): Promise<Supervised> {
  const stop = new AbortController();
  const hurry = new AbortController();
  const progress = silentProgress();
  let ended: Promise<void> = Promise.resolve();
  const run = await new Promise<RunFile>((resolve, reject) => {
    ended = supervise(options, { progress, onReady: resolve }, stop.signal, hurry.signal);
    ended.catch(reject);
  });
  return {
    run,
    lines: progress.lines,
    stop: () => {
      stop.abort();
      return ended;
    },
    hurry: () => hurry.abort(),
  };
}

/** Remembers what it was told. */
export function silentProgress(): Progress & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    doing: (text) => void lines.push(`doing ${text}`),
    done: (text) => void lines.push(`done ${text}`),
    warn: (text) => void lines.push(`warn ${text}`),
    end: () => undefined,
  };
}
