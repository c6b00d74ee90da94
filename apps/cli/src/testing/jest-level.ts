import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTemporaryDirectory, temporaryDirectory } from '@concordat/processes';

export const levels = ['unit', 'int', 'e2e'] as const;
export type Level = (typeof levels)[number];

export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** The part of jest's --json that counts. */
export interface JestResult {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  /** files that failed before a test ran: they do not compile, or import something missing */
  readonly numRuntimeErrorTestSuites: number;
}

/** Suites that load a whole machine lie in a folder of this name, and run one after the other when the others are done. */
const ALONE = '/alone/';

// Unit tests share the cores. Those with databases wait half of their time; more of them, or more of whole systems, would
// time each other out.
const runs: Record<Level, readonly (readonly string[])[]> = {
  unit: [['--maxWorkers=2']],
  int: [['--maxWorkers=4']],
  e2e: [
    ['--maxWorkers=2', `--testPathIgnorePatterns=${ALONE}`],
    ['--runInBand', `--testPathPatterns=${ALONE}`],
  ],
};

/** Runs the tests of one level, with jest's own report, and what the tests print, on stderr. */
export async function runLevel(
  level: Level,
  root: string,
  env: Readonly<Record<string, string>>,
): Promise<Counts> {
  const total = { passed: 0, failed: 0 };
  for (const args of runs[level]) {
    const { passed, failed } = await runJest(args, root, { ...env, CONCORDAT_TEST_LEVEL: level });
    total.passed += passed;
    total.failed += failed;
  }
  return total;
}

async function runJest(args: readonly string[], root: string, env: Record<string, string>): Promise<Counts> {
  const folder = temporaryDirectory('concordat-result-');
  const resultFile = join(folder, 'result.json');
  const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  try {
    const code = await exitCode([jest, '--json', `--outputFile=${resultFile}`, ...args], root, env);
    return countsOf(await readResult(resultFile), code);
  } finally {
    removeTemporaryDirectory(folder);
  }
}

/** A file that does not load is a failure, and so is a jest that says it failed without naming a test. */
export function countsOf(result: JestResult | undefined, code: number | null): Counts {
  if (result === undefined) return { passed: 0, failed: 1 };
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  // Where nothing ran nothing holds.
  const silent = failed === 0 && (code !== 0 || !result.success || result.numPassedTests === 0);
  return { passed: result.numPassedTests, failed: silent ? 1 : failed };
}

function exitCode(args: readonly string[], cwd: string, env: Record<string, string>): Promise<number | null> {
  return new Promise((resolve, reject) => {
    // Tests print the figures they found to stdout; that is part of the report, and stdout is for the result.
    const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 2, 2] });
    child.once('error', reject);
    child.once('close', resolve);
  });
}

async function readResult(file: string): Promise<JestResult | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as JestResult;
  } catch {
    return undefined;
  }
}
