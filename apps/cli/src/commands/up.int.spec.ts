import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { birthMark, freePort, isSameProcess, waitUntil } from '@concordat/processes';
import { builtCli, type Ended, ending } from '../supervisor/built-cli.fixture';
import { type StandIns, standIns } from '../supervisor/stand-ins.fixture';

// These run the built CLI (nx builds before it tests): what a kill -9 of the supervisor leaves shows only between processes.

let place: StandIns;
const { spawn: spawnCli, run: cli } = builtCli(() => place);
beforeEach(() => {
  place = standIns();
});
afterEach(async () => {
  await cli('down');
  await place.remove();
});

const upFromNothing = (...more: string[]): Promise<Ended> =>
  cli('up', '--detach', '--http-port', '0', ...more);
const up = (...more: string[]): Promise<Ended> => {
  place.prepare();
  return upFromNothing(...more);
};
const until = (check: () => Promise<void>): Promise<void> => waitUntil(check, { deadlineMs: 15_000 });

describe('up --detach', () => {
  it('returns when everything is ready, shows the admin key once, and down stops it', async () => {
    const first = await upFromNothing('-o', 'json');
    expect(first).toMatchObject({ code: 0 });
    const run = await place.run();
    expect(JSON.parse(first.stdout)).toEqual({
      http: run.http,
      grpc: run.grpc,
      dataDir: place.dataDirectory,
      adminKeyFile: join(place.dataDirectory, 'admin.key'),
      supervisorPid: run.supervisorPid,
      alreadyRunning: false,
      adminKey: 'stand-in-admin-key',
    });
    expect(first.stderr).toContain('✓ redis, redis-rpc, postgres ready');

    expect(statSync(join(place.dataDirectory, 'iam', 'environment.json')).mode & 0o777).toBe(0o600);
    const log = join(place.dataDirectory, 'logs', 'supervisor.log');
    expect(statSync(log).mode & 0o777).toBe(0o600);
    expect(readFileSync(log, 'utf8')).not.toContain('stand-in-admin-key');

    const down = await cli('down');
    expect(down).toMatchObject({ code: 0, stdout: expect.stringContaining('Concordat has stopped') });
    expect(existsSync(join(place.dataDirectory, 'run.json'))).toBe(false);
    for (const { pid, mark } of run.processes) expect(isSameProcess(pid!, mark!)).toBe(false);

    const second = await up();
    expect(second.stdout).not.toContain('stand-in-admin-key');
  }, 60_000);

  it('twice: the second says that it runs, and where', async () => {
    await up();
    const second = await up();
    expect(second.code).toBe(0);
    expect(second.stdout).toContain('Concordat already runs.');
    expect(second.stdout).toContain((await place.run()).http[0]);
  });

  it('twice at the same time: one starts it, both say where it runs', async () => {
    const both = await Promise.all([up('-o', 'json'), up('-o', 'json')]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    const answers = both.map(({ stdout }) => JSON.parse(stdout) as { http: string[]; supervisorPid: number });
    expect(answers[0]!.http).toEqual(answers[1]!.http);
    expect(answers[0]!.supervisorPid).toBe(answers[1]!.supervisorPid);
    expect(place.trace().filter((line) => line === 'start iam-1')).toHaveLength(1);
  });

  it('that fails shows the last lines of the culprit and leaves nothing running', async () => {
    place.tell('crash', 'vault-1');
    const failed = await up();
    expect(failed.code).toBe(1);
    expect(failed.stdout).toBe('');
    expect(failed.stderr).toMatch(/vault-service did not become ready.*exit code 7/);
    expect(failed.stderr).toContain('    stand-in: told to crash');
    expect(existsSync(join(place.dataDirectory, 'run.json'))).toBe(false);
  });

  it('at a port that is taken names the holder and the option', async () => {
    const port = await freePort();
    const holder = createServer().listen(port, '127.0.0.1');
    const failed = await cli('up', '--detach', '--http-port', String(port));
    holder.close();
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(
      new RegExp(`Port ${port} is taken by process ${process.pid} .*--http-port <n>`),
    );
  });

  it('called off by Ctrl-C stops what it had started', async () => {
    place.tell('unready', 'iam-1');
    const child = spawnCli(['up', '--detach', '--http-port', '0']);
    const ended = ending(child);
    await until(async () => expect(place.trace()).toContain('start iam-1'));
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 1, stderr: expect.stringContaining('called off') });
    expect(place.trace()).toContain('end iam-1');
    expect(existsSync(join(place.dataDirectory, 'run.json'))).toBe(false);
  });

  it('goes on when the one who waits for it is killed', async () => {
    place.tell('unready', 'iam-1');
    const child = spawnCli(['up', '--detach', '--http-port', '0']);
    await until(async () => expect(place.trace()).toContain('start iam-1'));
    child.kill('SIGKILL');
    place.untell('unready', 'iam-1');
    await until(async () => expect((await place.run()).phase).toBe('ready'));
  });
});

describe('down', () => {
  it('when nothing runs is fine', async () => {
    expect(await cli('down')).toMatchObject({ code: 0, stdout: 'Concordat does not run.\n' });
  });

  it('during a start calls that off', async () => {
    place.tell('unready', 'iam-1');
    const starting = up();
    await until(async () => expect(place.trace()).toContain('start iam-1'));
    expect(await cli('down')).toMatchObject({ code: 0, stdout: expect.stringContaining('stopped') });
    expect((await starting).code).toBe(1);
    expect(existsSync(join(place.dataDirectory, 'run.json'))).toBe(false);
  });
});

describe('run.json', () => {
  const file = (): string => join(place.dataDirectory, 'run.json');

  it('deleted while it runs: up says that it runs, down stops it', async () => {
    await up();
    const before = await place.run();
    rmSync(file());
    const again = await up('-o', 'json');
    expect(again).toMatchObject({ code: 0 });
    expect(JSON.parse(again.stdout)).toMatchObject({
      alreadyRunning: true,
      supervisorPid: before.supervisorPid,
    });
    rmSync(file());
    expect(await cli('down')).toMatchObject({ code: 0, stdout: expect.stringContaining('has stopped') });
    for (const { pid, mark } of before.processes) expect(isSameProcess(pid!, mark!)).toBe(false);
  });

  it('that is damaged hinders neither down nor up', async () => {
    place.tell('none', 'iam-1');
    writeFileSync(file(), '{"version":1,"processes":[null]}');
    const down = await cli('down');
    expect(down).toMatchObject({ code: 0, stdout: 'Concordat does not run.\n' });
    expect(down.stderr).toContain('run.json cannot be used: it is damaged');
    writeFileSync(file(), '{"version":1,"processes":[null]}');
    expect(await up()).toMatchObject({ code: 0 });
  });
});

describe('a supervisor killed with SIGKILL', () => {
  it('takes its children along, and the next up starts anew', async () => {
    await up();
    const before = await place.run();
    process.kill(before.supervisorPid, 'SIGKILL');
    await until(async () => {
      for (const { pid, mark } of before.processes) expect(isSameProcess(pid!, mark!)).toBe(false);
    });
    const again = await up();
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('Concordat is ready.');
    expect((await place.run()).http).toEqual(before.http);
  });

  it('with a child that does not go: the next up stops it before it starts anew', async () => {
    place.tell('deaf', 'iam-1');
    await up();
    const before = await place.run();
    const orphan = await place.processOf('iam-service');
    process.kill(before.supervisorPid, 'SIGKILL');
    await until(async () => expect(place.trace()).toContain('drain iam-1'));
    // The kernel signals it once for each thread of the supervisor that ends; it must have been deaf to all of them.
    await delay(500);
    expect(birthMark(orphan.pid!)).toBe(orphan.mark);
    place.untell('deaf', 'iam-1');
    const again = await up();
    expect(again.code).toBe(0);
    expect(again.stderr).toContain('stopped what an earlier run had left behind: iam-service');
    expect(isSameProcess(orphan.pid!, orphan.mark!)).toBe(false);
  }, 60_000);

  it('down cleans up', async () => {
    await up();
    const before = await place.run();
    process.kill(before.supervisorPid, 'SIGKILL');
    expect((await cli('down')).code).toBe(0);
    for (const { pid, mark } of before.processes) expect(isSameProcess(pid!, mark!)).toBe(false);
    expect(existsSync(join(place.dataDirectory, 'run.json'))).toBe(false);
  });
});

describe('up in the foreground', () => {
  it('drains when it gets SIGINT, and exits with 0', async () => {
    const child = spawnCli(['up', '--http-port', '0']);
    const ended = ending(child);
    await until(async () => expect((await place.run()).phase).toBe('ready'));
    process.kill((await place.processOf('bus-gateway-1')).pid!, 'SIGKILL');
    await until(async () =>
      expect(await place.processOf('bus-gateway-1')).toMatchObject({ state: 'ready', restarts: 1 }),
    );
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(0);
    expect(stdout).toContain('Concordat is ready.');
    expect(stderr).toContain('! bus-gateway-1 ended (killed by SIGKILL); starting it again at once');
    expect(stderr).toContain('✓ stopped');
    expect(place.trace()).toContain('end iam-1');
  });
});

describe('doctor', () => {
  it('names a sick service and exits with 1', async () => {
    await up();
    place.tell('unready', 'audit-1');
    const { code, stdout } = await cli('doctor', '-o', 'json');
    expect(code).toBe(1);
    const { ok, findings } = JSON.parse(stdout) as {
      ok: boolean;
      findings: { name: string; status: string }[];
    };
    expect(ok).toBe(false);
    expect(findings.filter(({ name, status }) => status === 'broken' && name !== 'packages')).toMatchObject([
      { name: 'audit-service', detail: expect.stringContaining('503 (redis: told so)') },
    ]);
  });
});
