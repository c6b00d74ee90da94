import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ManagedProcess } from './managed-process';
import { birthMark, isSameProcess } from './process-identity';
import { type ProcessSpec, type Supervision } from './process-spec';
import { removeTemporaryDirectory, temporaryDirectory } from './temporary-directory';
import { waitUntil } from './wait-until';

let directory: string;
const processes: ManagedProcess[] = [];

beforeEach(() => {
  directory = temporaryDirectory('concordat process ');
});
afterEach(async () => {
  await Promise.all(processes.splice(0).map((child) => child.stop(0)));
  removeTemporaryDirectory(directory);
});

/** A child that runs a line of JavaScript; ready once it has printed "ready". */
function childOf(
  script: string,
  spec: Partial<ProcessSpec> = {},
  supervision: Supervision = {},
): ManagedProcess {
  const logFile = join(directory, 'child.log');
  const child = new ManagedProcess(
    {
      name: 'child',
      command: process.execPath,
      args: ['-e', script],
      env: {},
      logFile,
      probe: async (pid) => {
        if (!readFileSync(logFile, 'utf8').includes(`ready ${pid}`))
          throw new Error('it has not said that it is ready');
      },
      ...spec,
    },
    supervision,
  );
  processes.push(child);
  return child;
}

const serving = 'console.log("ready", process.pid); setInterval(() => {}, 1000);';

describe('a process', () => {
  it('becomes ready, and stops when it is asked', async () => {
    const child = childOf(serving);
    child.start();
    await child.whenReady(5_000);
    const { pid } = child;
    expect(child.state).toBe('ready');
    await child.stop();
    expect(child.state).toBe('stopped');
    expect(birthMark(pid!)).toBeUndefined();
  });

  it('that is killed is back in well under a second, under another pid', async () => {
    const child = childOf(serving);
    child.start();
    await child.whenReady(5_000);
    const { pid } = child;
    const started = performance.now();
    const restarting = once(child, 'restarting');
    child.kill('SIGKILL');
    expect(await restarting).toEqual([
      { exitsInARow: 1, delayMs: 0, crashLoop: false, why: 'killed by SIGKILL' },
    ]);
    await child.whenReady(5_000);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(child.pid).not.toBe(pid);
    expect(child.restarts).toBe(1);
  });

  it('that ignores SIGTERM is killed at the deadline, with what it started', async () => {
    const script = `process.on("SIGTERM", () => {});
      const inner = require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
      console.log("inner " + inner.pid); ${serving}`;
    const child = childOf(script, { stopTimeoutMs: 200 });
    child.start();
    await child.whenReady(5_000);
    const inner = Number(/inner (\d+)/.exec(readFileSync(child.log.file, 'utf8'))?.[1]);
    const mark = birthMark(inner);
    expect(mark).toBeDefined();
    await child.stop();
    await waitUntil(async () => expect(isSameProcess(inner, mark)).toBe(false), { deadlineMs: 2_000 });
  });

  it('that never gets ready: the error names it, the reason and the last lines of its log', async () => {
    const child = childOf('console.log("waiting for the moon"); setInterval(() => {}, 1000);');
    child.start();
    await expect(child.whenReady(500)).rejects.toThrow(
      /child did not become ready: within 500 ms: it has not said that it is ready\.\nLast lines of .*:\n {4}waiting for the moon/,
    );
  });

  it('that ends again and again is reported as a crash loop, and tried on', async () => {
    const child = childOf('console.error("no config"); process.exit(3);', {}, { random: () => 0.99 });
    child.start();
    await expect(child.whenReady(20_000)).rejects.toThrow(
      /it ended \d+ times in a row, last: exit code 3\.\nLast lines of .*\n {4}no config/,
    );
    expect(child.state).toBe('crash-loop');
    await once(child, 'restarting');
  });

  it('that recovers from a crash loop is ready', async () => {
    const flag = join(directory, 'flag');
    const child = childOf(
      `if (!require("fs").existsSync(${JSON.stringify(flag)})) process.exit(1); ${serving}`,
    );
    child.start();
    await child.whenReady(20_000).catch(() => undefined);
    writeFileSync(flag, '');
    await waitUntil(async () => expect(child.state).toBe('ready'), { deadlineMs: 10_000 });
  });

  it('whose program is missing: the error says so', async () => {
    const child = childOf('', { command: '/no/such/program' }, { restart: false });
    child.start();
    await expect(child.whenReady(5_000)).rejects.toThrow('/no/such/program');
  });

  it('whose preparation fails: the error says why', async () => {
    const beforeStart = (): Promise<void> => Promise.reject(new Error('the disk is gone'));
    const child = childOf(serving, { beforeStart }, { restart: false });
    child.start();
    await expect(child.whenReady(5_000)).rejects.toThrow('it ended: cannot be started: the disk is gone');
  });

  it('stopped during the pause before a restart stays stopped', async () => {
    const child = childOf('process.exit(1)', {}, { random: () => 0 });
    child.start();
    await waitUntil(async () => expect(child.restarts).toBeGreaterThan(2), { deadlineMs: 5_000 });
    await child.stop();
    const { restarts } = child;
    await delay(300);
    expect(child.restarts).toBe(restarts);
  });

  it('sees only the environment that it was given', async () => {
    const child = childOf(`console.log(JSON.stringify(process.env)); ${serving}`, { env: { ONLY: 'this' } });
    child.start();
    await child.whenReady(5_000);
    expect(JSON.parse(readFileSync(child.log.file, 'utf8').split('\n')[0]!)).toEqual({ ONLY: 'this' });
  });

  it('writes a private log, which is rotated when it is full', async () => {
    const child = childOf(`setInterval(() => console.log("x".repeat(100)), 1); ${serving}`, {
      logMaxBytes: 4_000,
    });
    child.start();
    await child.whenReady(5_000);
    expect(statSync(child.log.file).mode & 0o777).toBe(0o600);
    await waitUntil(async () => expect(child.log.size()).toBeGreaterThan(4_000), { deadlineMs: 5_000 });
    expect(await child.log.rotateIfFull()).toBe(true);
    expect(statSync(`${child.log.file}.1`).mode & 0o777).toBe(0o600);
    expect(statSync(`${child.log.file}.1`).size).toBeGreaterThanOrEqual(4_000);
    expect(child.log.size()).toBeLessThan(4_000);
  });
});

describe('the supervisor of a process', () => {
  it('killed with SIGKILL takes it along', async () => {
    const pids = join(directory, 'pids');
    const supervisor = spawn(process.execPath, ['-e', supervisorScript(pids, join(directory, 'child.log'))], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await waitUntil(async () => void readFileSync(pids), { deadlineMs: 5_000 });
    const pid = Number(readFileSync(pids, 'utf8'));
    const mark = birthMark(pid);
    expect(mark).toBeDefined();
    supervisor.kill('SIGKILL');
    await waitUntil(async () => expect(isSameProcess(pid, mark)).toBe(false), { deadlineMs: 2_000 });
  });
});

/** Through the built library: a child of jest itself would not show what a kill -9 of its parent does. */
const supervisorScript = (pids: string, logFile: string): string => `
  const { ManagedProcess } = require(${JSON.stringify(join(__dirname, '..', 'dist', 'index.js'))});
  const child = new ManagedProcess({
    name: 'child', command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'], env: {},
    logFile: ${JSON.stringify(logFile)}, probe: async () => {},
  });
  child.on('ready', ({ pid }) => require('fs').writeFileSync(${JSON.stringify(pids)}, String(pid)));
  child.start();`;
