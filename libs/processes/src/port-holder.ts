import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
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
  const links = new Set([...inodes].map((inode) => `socket:[${inode}]`));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => descriptors(pid).some((descriptor) => links.has(descriptor)));
}

function descriptors(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((name) => linkOf(`/proc/${pid}/fd/${name}`));
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}
