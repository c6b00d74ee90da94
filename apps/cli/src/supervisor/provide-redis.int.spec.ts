import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeTemporaryDirectory, temporaryDirectory } from '@concordat/processes';
import { readEnvironment } from '../environment';
import { provideRedis } from './provide-redis';
import { silentProgress } from './stand-ins.fixture';

let folder: string;
let bin: string;
beforeEach(() => {
  folder = temporaryDirectory();
  bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const tool of ['sh', 'rm', 'chmod', 'printf', 'cat']) symlinkSync(`/bin/${tool}`, join(bin, tool));
});
afterEach(() => removeTemporaryDirectory(folder));

const program = (name: string, script: string): void => {
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
};
const provide = (more: Record<string, string> = {}): Promise<string[]> => {
  const progress = silentProgress();
  const environment = readEnvironment({ PATH: bin, HOME: folder, POLICY_RC_D: policy(), ...more });
  return provideRedis({ environment, progress }, 'ignore').then(() => progress.lines);
};

const policy = (): string => join(folder, 'policy-rc.d');

// The real apt-get is not asked: a stand-in writes down how it was called.
const aptGet = (failures: string): string => `
here="\${0%/*}"
echo "$* RUNLEVEL=$RUNLEVEL $DEBIAN_FRONTEND policy: $("$POLICY_RC_D"; echo $?)" >>"$here/../calls"
${failures}
case "$*" in *install*) printf '#!/bin/sh\\n' >"$here/redis-server"; chmod 755 "$here/redis-server" ;; esac`;
const calls = (): string[] => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');

describe('a machine without redis-server', () => {
  it('gets it from apt, without its daemon, and is told so', async () => {
    program('apt-get', aptGet(''));
    expect(await provide()).toEqual([
      expect.stringContaining('installing it with the system package manager'),
    ]);
    expect(calls()).toEqual([
      '-q install -y --no-install-recommends redis-server RUNLEVEL=1 noninteractive policy: 101',
    ]);
    expect(existsSync(policy())).toBe(false);
  });

  it('with old package lists updates them and tries again', async () => {
    program(
      'apt-get',
      aptGet(
        'case "$*" in *install*) [ -e "$here/../lists" ] || exit 100 ;; *update*) : >"$here/../lists" ;; esac',
      ),
    );
    await provide();
    expect(calls().map((line) => line.split(' ')[1])).toEqual(['install', 'update', 'install']);
  });

  it('where apt fails hears what to do', async () => {
    program('apt-get', 'exit 100');
    await expect(provide()).rejects.toThrow(/sudo apt-get install -y redis-server.*CONCORDAT_REDIS_URL/);
  });

  it('without apt hears what to do', async () => {
    await expect(provide()).rejects.toThrow(/There is no redis-server/);
  });

  it('with servers that the environment names needs none', async () => {
    const urls = { CONCORDAT_REDIS_URL: 'redis://x', CONCORDAT_RPC_REDIS_URL: 'redis://y' };
    expect(await provide(urls)).toEqual([]);
  });

  it('with valkey-server needs none', async () => {
    program('valkey-server', '');
    expect(await provide()).toEqual([]);
  });
});
