import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Runs the work while no other `./concordat` of this checkout does: waits for it, however long it takes, unless it died.
 * The protocol is the one of libs/processes/src/start-lock.ts, which cannot be used before it is built.
 */
export async function exclusively(file, onWait, work) {
  await mkdir(dirname(file), { recursive: true });
  const own = await take(file, onWait);
  try {
    return await work();
  } finally {
    await writeFile(own, '{}').catch(() => undefined);
  }
}

async function take(file, onWait) {
  const draft = `${file}.draft-${process.pid}`;
  await writeFile(draft, JSON.stringify({ pid: process.pid, mark: await birthMark(process.pid) }));
  try {
    for (let told = false; ;) {
      const last = Math.max(0, ...(await numbers(file)));
      const holder = await livingHolder(`${file}.${last}`);
      if (holder !== undefined) {
        if (!told) onWait(holder);
        told = true;
        await delay(200);
        continue;
      }
      const own = `${file}.${last + 1}`;
      if (!(await linked(draft, own))) continue;
      const all = await numbers(file);
      if (all.some((number) => number > last + 1)) {
        await rm(own, { force: true });
        continue;
      }
      for (const number of all.filter((other) => other <= last))
        await rm(`${file}.${number}`, { force: true });
      return own;
    }
  } finally {
    await rm(draft, { force: true });
  }
}

async function livingHolder(file) {
  try {
    const { pid, mark } = JSON.parse(await readFile(file, 'utf8'));
    return pid !== undefined && (await birthMark(pid)) === mark ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Start time in ticks since boot, field 22 of /proc/<pid>/stat; where there is no /proc only whether the pid lives. */
async function birthMark(pid) {
  try {
    const line = await readFile(`/proc/${pid}/stat`, 'utf8');
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    return `${boot.trim()}:${line.slice(line.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    try {
      process.kill(pid, 0);
      return process.platform === 'linux' ? undefined : 'alive';
    } catch {
      return undefined;
    }
  }
}

async function numbers(file) {
  const prefix = `${basename(file)}.`;
  const names = await readdir(dirname(file));
  return names
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
}

async function linked(draft, file) {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}
