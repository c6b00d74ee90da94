import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeTemporaryDirectory, temporaryDirectory } from '@concordat/processes';
import { repositoryRoot } from './repository';

let folder: string;
beforeEach(() => {
  folder = temporaryDirectory('concordat boot ');
});
afterEach(() => removeTemporaryDirectory(folder));

const launcher = join(repositoryRoot, 'concordat');

/** A node that only says its version, and then which script it was to run. */
function launchWithNode(version: string | undefined, script = launcher): SpawnSyncReturns<string> {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  if (version !== undefined) {
    const node = join(bin, 'node');
    writeFileSync(node, `#!/bin/sh\n[ "$1" = --version ] && echo ${version} || echo "runs $*"\n`);
    chmodSync(node, 0o755);
  }
  for (const tool of ['readlink', 'dirname']) symlinkSync(`/usr/bin/${tool}`, join(bin, tool));
  return spawnSync('/bin/sh', [script, 'up', '--data', 'a b'], { env: { PATH: bin }, encoding: 'utf8' });
}

describe('./concordat', () => {
  it.each(['v20.19.0', 'v20.20.2', 'v22.12.0', 'v22.20.1', 'v23.0.0', 'v24.11.1'])(
    'runs with Node %s',
    (version) => {
      expect(launchWithNode(version).stdout).toBe(
        `runs ${join(repositoryRoot, 'apps/cli/bootstrap.mjs')} up --data a b\n`,
      );
    },
  );

  it.each(['v18.20.4', 'v20.18.3', 'v21.7.3', 'v22.11.0', 'nonsense'])(
    'refuses Node %s and says how to get another',
    (version) => {
      const { status, stderr } = launchWithNode(version);
      expect(status).toBe(1);
      expect(stderr).toContain(version);
      expect(stderr).toContain('nodesource.com');
    },
  );

  it('without Node says how to get it', () => {
    const { status, stderr } = launchWithNode(undefined);
    expect(status).toBe(1);
    expect(stderr).toMatch(/Node\.js was not found on the PATH\.\n.*20\.19/s);
  });

  it.each([
    ['begun with nohup', 'trap "" HUP', 'ignored'],
    ['begun as usual', ':', ''],
    ['begun with another signal ignored', 'trap "" INT', ''],
  ])('%s tells Node whether to outlive the terminal', (_how, before, told) => {
    const node = join(folder, 'node');
    writeFileSync(
      node,
      '#!/bin/sh\n[ "$1" = --version ] && echo v22.12.0 || echo "told $CONCORDAT_HANGUP"\n',
    );
    chmodSync(node, 0o755);
    const { stdout } = spawnSync('/bin/sh', ['-c', `${before}; exec "$1" up`, 'sh', launcher], {
      env: { PATH: '/usr/bin:/bin', CONCORDAT_NODE: node },
      encoding: 'utf8',
    });
    expect(stdout).toBe(`told ${told}\n`);
  });

  it('works through a link from elsewhere', () => {
    const link = join(folder, 'concordat');
    symlinkSync(launcher, link);
    expect(launchWithNode('v22.12.0', link).stdout).toContain(join(repositoryRoot, 'apps/cli/bootstrap.mjs'));
  });
});

describe('a checkout that does not build', () => {
  /** With a command line that was built before, and sources from which nothing can be made. */
  function launch(...args: string[]): SpawnSyncReturns<string> {
    const cli = join(folder, 'apps', 'cli');
    mkdirSync(join(cli, 'dist'), { recursive: true });
    mkdirSync(join(folder, 'node_modules', 'commander'), { recursive: true });
    cpSync(join(repositoryRoot, 'apps/cli/bootstrap'), join(cli, 'bootstrap'), { recursive: true });
    cpSync(join(repositoryRoot, 'apps/cli/bootstrap.mjs'), join(cli, 'bootstrap.mjs'));
    writeFileSync(join(cli, 'dist', 'main.js'), 'console.log(process.argv.slice(2).join(" "))\n');
    const script = join(cli, 'bootstrap.mjs');
    return spawnSync(process.execPath, [script, ...args], { env: { PATH: '/nowhere' }, encoding: 'utf8' });
  }

  it.each([
    [['down']],
    [['--data', 'a b', 'down']],
    [['--data=up', 'down']],
    [['-o', 'json', '--data', 'up', 'down', '--data', 'x']],
    [['-ojson', '--output', 'json', 'down']],
  ])('can be stopped: %j', (args) => {
    expect(launch(...args)).toMatchObject({ status: 0, stdout: `${args.join(' ')}\n` });
  });

  it.each([
    [['up', 'down']],
    [['--data', 'down', 'up']],
    [['--data', 'down']],
    [['-o', 'down', 'send', 'down']],
    [[]],
  ])('is built before anything else runs: %j', (args) => {
    expect(launch(...args)).toMatchObject({ status: 1, stdout: '' });
  });
});

describe('the lock of the bootstrap', () => {
  it('lets one at a time work, also after one was killed', async () => {
    const lock = join(folder, 'lock');
    const log = join(folder, 'log');
    const module = JSON.stringify(join(repositoryRoot, 'apps/cli/bootstrap/lock.mjs'));
    const script = `
      import { appendFileSync } from 'node:fs';
      const { exclusively } = await import(${module});
      await exclusively(${JSON.stringify(lock)}, () => {}, async () => {
        appendFileSync(${JSON.stringify(log)}, 'in\\n');
        if (process.argv[1] === 'die') process.kill(process.pid, 'SIGKILL');
        await new Promise((resolve) => setTimeout(resolve, 30));
        appendFileSync(${JSON.stringify(log)}, 'out\\n');
      });`;
    const work = (how: string): Promise<unknown> =>
      new Promise((resolve) =>
        spawn(process.execPath, ['--input-type=module', '-e', script, how], { stdio: 'inherit' }).once(
          'close',
          resolve,
        ),
      );
    await work('die');
    await Promise.all(Array.from({ length: 6 }, () => work('live')));
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    expect(lines).toEqual(['in', ...Array.from({ length: 6 }, () => ['in', 'out']).flat()]);
  });
});
