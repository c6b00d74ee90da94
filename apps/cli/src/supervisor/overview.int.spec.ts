import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeTemporaryDirectory, temporaryDirectory } from '@concordat/processes';
import { overview } from './overview';
import { type RunFile } from './run-file';

let folder: string;
beforeEach(() => {
  folder = temporaryDirectory();
  mkdirSync(join(folder, 'postgres'));
});
afterEach(() => removeTemporaryDirectory(folder));

const run = (...names: string[]): RunFile => ({
  version: 1,
  supervisorPid: 1,
  supervisorMark: 'm',
  startedAt: '2026-01-01T00:00:00.000Z',
  phase: 'ready',
  dataDir: folder,
  http: ['http://127.0.0.1:7400'],
  grpc: ['127.0.0.1:7401'],
  adminKeyFile: join(folder, 'admin.key'),
  vkeyFile: join(folder, 'audit.vkey'),
  processes: names.map((name) => ({
    name,
    pid: 2,
    mark: 'm',
    port: 1,
    state: 'ready',
    restarts: 0,
    logFile: 'l',
  })),
});

describe('what a start says', () => {
  it('names the data folder, and nothing else when all data lies in it', async () => {
    const { summary, lines } = await overview(run('postgres'));
    expect(summary).not.toHaveProperty('postgresDir');
    expect(lines.join('\n')).not.toContain('PostgreSQL');
  });

  it('names the place of PostgreSQL data that lies outside the data folder', async () => {
    writeFileSync(join(folder, 'postgres', 'moved-to'), '/var/lib/concordat/one\n');
    const { summary, lines } = await overview(run('postgres'));
    expect(summary).toMatchObject({ dataDir: folder, postgresDir: '/var/lib/concordat/one' });
    expect(lines).toContain('             /var/lib/concordat/one (PostgreSQL)');
    expect((await overview(run('iam-service'))).summary).not.toHaveProperty('postgresDir');
  });
});
