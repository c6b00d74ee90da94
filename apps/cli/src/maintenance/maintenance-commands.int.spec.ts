import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isLock, takeLock } from '@concordat/processes';
import { builtCli } from '../supervisor/built-cli.fixture';
import { lockPath } from '../supervisor/run-file';
import { type StandIns, standIns } from '../supervisor/stand-ins.fixture';

/** Answers with how it was called; `verify` finds something, `rebuild` fails when its file says so. */
const script = `
const { existsSync } = require('node:fs');
const args = process.argv.slice(2);
const file = process.env.CONCORDAT_DATA_DIR + '/broken';
const answer = (value) => console.log(JSON.stringify(value));
console.error('half of it');
if (args[0] === 'rebuild' && existsSync(file)) {
  answer({ ok: false, message: 'the projection failed' });
  process.exitCode = 1;
} else if (args[0] === 'verify') answer({ ok: true, result: { events: 3, head: '1-3', problems: ['event 2 is missing'] } });
else answer({ ok: true, result: { args, file: 'f', events: 3, head: '1-3', tables: ['t'], durationMs: 5,
  variables: Object.keys(process.env).filter((name) => name.startsWith('CONCORDAT_')).sort() } });
`;

describe('the maintenance of a store', () => {
  let place: StandIns;
  const cli = builtCli(() => place);

  beforeEach(() => {
    place = standIns();
    mkdirSync(join(place.dataDirectory, 'iam'), { recursive: true });
    writeFileSync(join(place.appsDirectory, 'iam-service', 'dist', 'maintenance.js'), script);
  });
  afterEach(() => place.remove());

  it('runs in a process of the service, which gets its folder and no secret', async () => {
    const { code, stdout } = await cli.run('iam', 'rebuild', '-o', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      args: ['rebuild'],
      variables: ['CONCORDAT_DATA_DIR', 'CONCORDAT_ENVIRONMENT', 'CONCORDAT_PEERS_FILE'],
    });
    const backup = await cli.run('iam', 'backup', '-o', 'json');
    expect(JSON.parse(backup.stdout)).toMatchObject({
      args: ['backup', '--to', join(place.dataDirectory, 'backups', 'iam')],
    });
  });

  it('does not touch what runs, and tells how to stop it', async () => {
    const lock = await takeLock(lockPath(place.dataDirectory));
    for (const args of [['rebuild'], ['restore', '--from', 'x'], ['recover', '--from-stream']]) {
      const { code, stderr } = await cli.run('iam', ...args);
      expect([code, stderr]).toEqual([1, expect.stringContaining('Run: ./concordat down')]);
    }
    expect((await cli.run('iam', 'backup')).code).toBe(0);
    if (isLock(lock)) await lock.release();
  });

  it('fails with the reason of the service, and when something was found', async () => {
    writeFileSync(join(place.dataDirectory, 'iam', 'broken'), '');
    expect(await cli.run('iam', 'rebuild')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('concordat: the projection failed'),
    });
    const verified = await cli.run('iam', 'verify');
    expect(verified.code).toBe(1);
    expect(verified.stdout).toContain('event 2 is missing');
    expect(verified.stderr).toContain('./concordat iam recover --from-stream');
  });

  it('says so when there is nothing to maintain', async () => {
    const { code, stderr } = await cli.run('vault', 'rebuild');
    expect([code, stderr]).toEqual([1, expect.stringContaining('holds no store of vault')]);
  });
});
