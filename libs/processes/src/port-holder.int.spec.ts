import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { findExecutable } from './executables';
import { assertListens, listens } from './port-holder';
import { freePort } from './ports';

const children: ChildProcess[] = [];
const servers: Server[] = [];
afterEach(() => {
  // Each leads a group of its own, with what it started.
  for (const { pid } of children.splice(0)) process.kill(-pid!, 'SIGKILL');
  servers.splice(0).forEach((server) => server.close());
});

const listen = `require('net').createServer().listen(Number(process.argv[1]), '127.0.0.1', () => console.log('listening'));`;

/** A process that prints one line when it is where it should be. */
async function started(command: string, args: readonly string[]): Promise<number> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  children.push(child);
  await once(child.stdout!, 'data');
  return child.pid!;
}

async function listener(): Promise<{ pid: number; port: number }> {
  const port = await freePort();
  return { port, pid: await started(process.execPath, ['-e', listen, String(port)]) };
}

(existsSync('/proc/net/tcp') ? describe : describe.skip)('a process', () => {
  it('that listens on a port is known to', async () => {
    const { pid, port } = await listener();
    expect(listens(pid, port)).toBe(true);
    expect(() => assertListens(pid, port)).not.toThrow();
  });

  it('whose child listens counts as listening', async () => {
    const port = await freePort();
    const script = '"$1" -e "$2" "$3" & wait';
    const pid = await started('/bin/sh', ['-c', script, 'sh', process.execPath, listen, String(port)]);
    expect(listens(pid, port)).toBe(true);
  });

  it('that does not listen yet is told so', async () => {
    const pid = await started('/bin/sh', ['-c', 'echo there; exec sleep 60']);
    const port = await freePort();
    expect(() => assertListens(pid, port)).toThrow(`process ${pid} does not listen on port ${port} yet`);
  });

  it('whose port another one has: the error names that', async () => {
    const pid = await started('/bin/sh', ['-c', 'echo there; exec sleep 60']);
    const server = createServer().listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    expect(listens(pid, port)).toBe(false);
    expect(() => assertListens(pid, port)).toThrow(
      new RegExp(`^port ${port} is held by process ${process.pid} \\(.+\\), not by process ${pid}$`),
    );
  });

  it('that has ended listens on nothing', async () => {
    const { pid, port } = await listener();
    const child = children.splice(0)[0]!;
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(listens(pid, port)).toBe(false);
  });
});

// Root of a container, as Docker makes it, may list the descriptors of other users, but not see where they lead.
const setpriv = findExecutable(['setpriv'], '/usr/bin:/bin');
(setpriv !== undefined && process.getuid?.() === 0 ? describe : describe.skip)(
  'without CAP_SYS_PTRACE',
  () => {
    const confined = (...args: string[]): string[] => [
      '--bounding-set=-sys_ptrace',
      ...args,
      process.execPath,
    ];
    const ask = (pid: number, port: number): string => {
      const script = `console.log(String(require(process.argv[1]).listens(${pid}, ${port})))`;
      const built = join(__dirname, '..', 'dist', 'port-holder.js');
      return execFileSync(setpriv!, [...confined(), '-e', script, built], { encoding: 'utf8' }).trim();
    };
    const listener = async (port: number, ...args: string[]): Promise<number> =>
      started(setpriv!, [...confined(...args), '-e', listen, String(port)]);

    it('it cannot be told whether the process of another user listens', async () => {
      const port = await freePort();
      const pid = await listener(port, '--reuid=65534', '--clear-groups');
      expect(ask(pid, port)).toBe('undefined');
      expect(listens(pid, port)).toBe(true);
    });

    it('it can be told of a process of our own', async () => {
      const port = await freePort();
      const pid = await listener(port);
      expect(ask(pid, port)).toBe('true');
      expect(ask(pid, await freePort())).toBe('false');
    });
  },
);
