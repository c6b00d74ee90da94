import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { removeTemporaryDirectory, temporaryDirectory, waitUntil } from '@concordat/processes';
import { lookForRunFile, readRunFile, type RunFile, runFilePath, RunFileWriter } from './run-file';

let folder: string;
beforeEach(() => {
  folder = temporaryDirectory();
});
afterEach(() => removeTemporaryDirectory(folder));

const run: RunFile = {
  version: 1,
  supervisorPid: 1,
  supervisorMark: 'm',
  startedAt: '2026-01-01T00:00:00.000Z',
  phase: 'ready',
  dataDir: '/d',
  http: ['http://127.0.0.1:7400'],
  grpc: ['127.0.0.1:7401'],
  adminKeyFile: '/d/admin.key',
  vkeyFile: '/d/audit.vkey',
  processes: [
    { name: 'redis', pid: 2, mark: 'm', port: 1, state: 'ready', restarts: 0, logFile: '/l' },
    {
      name: 'iam-service',
      pid: null,
      mark: null,
      port: 2,
      healthUrl: 'http://127.0.0.1:2',
      state: 'crash-loop',
      restarts: 7,
      logFile: '/l',
    },
  ],
};
const write = (content: unknown): void =>
  writeFileSync(runFilePath(folder), typeof content === 'string' ? content : JSON.stringify(content));

describe('run.json', () => {
  it('is read as it was written', async () => {
    write(run);
    expect(await readRunFile(folder)).toEqual(run);
  });

  it('that is missing is none', async () => {
    expect(await lookForRunFile(folder)).toBeUndefined();
  });

  it.each([
    { version: 1, processes: [null] },
    { ...run, processes: [null] },
    { ...run, processes: [{ ...run.processes[0], pid: -1 }] },
    { ...run, processes: [{ ...run.processes[0], state: 'well' }] },
    { ...run, http: undefined },
    { ...run, version: 2 },
    null,
    [],
    '{"version":1,',
    '',
  ])('%j is damaged, and counts as none', async (content) => {
    write(content);
    expect(await lookForRunFile(folder)).toBe('it is damaged');
    expect(await readRunFile(folder)).toBeUndefined();
  });
});

describe('the writer of run.json', () => {
  let writer: RunFileWriter;
  let errors: string[];
  beforeEach(async () => {
    errors = [];
    writer = new RunFileWriter(
      folder,
      () => run,
      ({ message }) => errors.push(message),
    );
    await writer.flush();
  });
  afterEach(() => writer.remove());

  const there = (): Promise<void> =>
    waitUntil(async () => expect(await readRunFile(folder)).toEqual(run), { deadlineMs: 5_000 });

  it('restores a file that was deleted, or overwritten', async () => {
    rmSync(runFilePath(folder));
    await there();
    write('nonsense');
    await there();
  });

  it('takes it away in the end, for good', async () => {
    await writer.remove();
    writer.changed();
    expect(await lookForRunFile(folder)).toBeUndefined();
  });

  it('that cannot write says so once, and writes when it can again', async () => {
    rmSync(folder, { recursive: true });
    await writer.flush();
    await writer.flush();
    expect(errors).toHaveLength(1);
    mkdirSync(folder);
    await there();
  });
});
