const { spawnSync } = require('node:child_process');
const { chmodSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } = require('node:fs');
const { freemem, tmpdir } = require('node:os');
const { join } = require('node:path');

const MEMORY = '/dev/shm';
/** A run of all levels takes a quarter of it. */
const NEEDED_BYTES = 4 * 1024 ** 3;
const OURS = /^concordat-test-(\d+)-/;

/**
 * Gives a test run a temporary folder of its own, in memory where the machine has enough: thousands of writes wait for a
 * disk otherwise. There fsync costs nothing and proves nothing. No test claims that data outlives the machine: processes
 * are killed, and what they had written stays with the kernel, in memory as on a disk; that stores are told to sync is
 * tested as what it is, a setting. Where there is no such memory everything runs the same on disk.
 */
module.exports = async () => {
  sweep(MEMORY);
  sweep(tmpdir());
  const folder = inMemory() ?? makeFolder(tmpdir());
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  process.env.TMPDIR = folder;
  process.stderr.write(`stores of the tests: ${folder}${folder.startsWith(MEMORY) ? ' (memory)' : ''}\n`);
  // It only saves time: suites that find none make their own.
  if (['int', 'e2e'].includes(process.env.CONCORDAT_TEST_LEVEL)) await makeCluster().catch(() => undefined);
};

/** @returns {string | undefined} undefined where memory is short, or nothing in it may be executed (tests do) */
function inMemory() {
  let folder;
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize < NEEDED_BYTES || availableBytes() < NEEDED_BYTES) return undefined;
    folder = makeFolder(MEMORY);
    const program = join(folder, 'runs');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 });
    if (spawnSync(program).status === 0) return folder;
  } catch {
    // no such memory here
  }
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  return undefined;
}

function makeFolder(parent) {
  const folder = mkdtempSync(join(parent, `concordat-test-${process.pid}-`));
  // PostgreSQL of root runs as another user, which must pass through.
  chmodSync(folder, 0o711);
  return folder;
}

/** The PostgreSQL cluster that suites copy, unless they are about its making (libs/processes/src/postgres-template.ts). */
async function makeCluster() {
  const { clusterTemplate, startPostgres } = require('@concordat/processes');
  const server = await startPostgres({ dir: clusterTemplate() });
  await server.stop();
}

/** What this process may still use: less than the machine has, in a container with a limit. */
const availableBytes = () => process.availableMemory?.() ?? freemem();

/** A run that was interrupted left its folder, which would stay in memory until the machine is restarted. */
function sweep(parent) {
  for (const name of names(parent)) {
    const pid = Number(OURS.exec(name)?.[1]);
    if (!(pid > 0) || isAlive(pid)) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch {
      // another user's
    }
  }
}

function names(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
