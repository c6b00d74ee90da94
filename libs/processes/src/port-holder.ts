import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { familyOf } from './process-family';
import { describeProcess } from './process-identity';

const LISTEN = '0A';

/**
 * Who listens on a TCP port, as far as /proc tells (Linux, and only processes that this user may see).
 * @returns "process 4242 (node …)", or undefined
 */
export function portHolder(port: number): string | undefined {
  try {
    const inodes = listeningInodes(port);
    const pid = inodes.size === 0 ? undefined : pidWithSocket(inodes);
    return pid === undefined ? undefined : describeProcess(pid);
  } catch {
    return undefined;
  }
}

/**
 * Makes sure that it is this process, or one that it started, that listens on a port: any user of the machine can take
 * one that is free for a moment, and answer there in its place. Where the system does not tell, nothing is checked.
 * @throws Error naming the holder
 */
export function assertListens(pid: number, port: number): void {
  if (listens(pid, port) !== false) return;
  const taken = listeningInodes(port).size > 0;
  throw new Error(
    taken
      ? `port ${port} is held by ${portHolder(port) ?? 'another process'}, not by process ${pid}`
      : `process ${pid} does not listen on port ${port} yet`,
  );
}

/** Whether a process or its family listens on a port; undefined without /proc, or when it hides its descriptors. */
export function listens(pid: number, port: number): boolean | undefined {
  if (!existsSync('/proc/net/tcp')) return undefined;
  const links = linksTo(listeningInodes(port));
  // The family is asked for only when the process itself does not listen: that reads all of /proc.
  const itself = hasOneOf(pid, links);
  if (itself !== false) return itself;
  const others = familyOf(pid).map((member) => hasOneOf(member, links));
  return others.includes(true) || (others.includes(undefined) ? undefined : false);
}

/** Socket inodes from /proc/net/tcp: column 1 is the local address in hex, 3 the state, 9 the inode (proc(5)). */
function listeningInodes(port: number): Set<string> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => readLines(file).slice(1));
  const columns = lines.map((line) => line.trim().split(/\s+/));
  return new Set(
    columns
      .filter((column) => column[1]?.endsWith(suffix) && column[3] === LISTEN)
      .map((column) => column[9]!),
  );
}

function pidWithSocket(inodes: ReadonlySet<string>): number | undefined {
  const links = linksTo(inodes);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => hasOneOf(pid, links) === true);
}

/** What the descriptor of a socket links to. */
const linksTo = (inodes: ReadonlySet<string>): Set<string> =>
  new Set([...inodes].map((inode) => `socket:[${inode}]`));

/**
 * @returns undefined when this user may not see the descriptors of the process: another user's, or, for the root of a
 *   container that lacks CAP_SYS_PTRACE, where each leads
 */
function hasOneOf(pid: number, links: ReadonlySet<string>): boolean | undefined {
  const names = attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  if (names === 'denied') return undefined;
  const targets = names.map((name) => attempt(() => readlinkSync(`/proc/${pid}/fd/${name}`)));
  if (targets.some((target) => target !== undefined && links.has(target))) return true;
  return targets.includes('denied') ? undefined : false;
}

/** @returns undefined when it is gone meanwhile */
function attempt<T>(read: () => T): T | 'denied' | undefined {
  try {
    return read();
  } catch (error) {
    return /^(EACCES|EPERM)$/.test((error as NodeJS.ErrnoException).code ?? '') ? 'denied' : undefined;
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}
