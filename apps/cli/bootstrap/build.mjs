import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { exclusively } from './lock.mjs';
import { startProgress } from './progress.mjs';
import { indented, run, toolEnvironment } from './run.mjs';

const lockFile = (root) => join(root, '.nx', 'concordat-build.lock');
export const buildStampFile = (root) => join(root, 'node_modules', '.concordat-build');

/** Builds when a source is newer than the last build. Costs some milliseconds when none is; asking Nx would cost a second. */
export async function provideBuild(root) {
  if (isBuilt(root)) return;
  const onWait = (pid) =>
    process.stderr.write(`… another ./concordat (process ${pid}) is building; waiting for it\n`);
  await exclusively(lockFile(root), onWait, async () => {
    if (isBuilt(root)) return;
    // Taken before the build: a source that changes meanwhile makes the next call build again.
    const stamp = sourceStamp(root);
    await build(root);
    await writeFile(buildStampFile(root), stamp).catch(() => undefined);
  });
}

export function isBuilt(root) {
  if (!existsSync(buildStampFile(root)) || projects(root).some((project) => !hasOutput(project)))
    return false;
  return readFileSync(buildStampFile(root), 'utf8') === sourceStamp(root);
}

async function build(root) {
  const progress = startProgress('Building');
  const onLine = (line) => {
    const project = /nx run ([\w-]+):build/.exec(line)?.[1];
    if (project !== undefined) progress.phase(project);
  };
  const nx = join(root, 'node_modules', '.bin', 'nx');
  const args = [nx, 'run-many', '-t', 'build', '--output-style=stream'];
  const { code, lines } = await run(process.execPath, args, { cwd: root, env: toolEnvironment(), onLine });
  if (code === 0) return progress.done('Built');
  progress.stop();
  throw new Error(
    `The build failed (nx run-many -t build, exit code ${code}):\n${indented(lines.slice(-40))}`,
  );
}

const projects = (root) =>
  ['libs', 'apps', 'tools'].flatMap((folder) =>
    names(join(root, folder))
      .map((name) => join(root, folder, name))
      .filter((project) => existsSync(join(project, 'package.json'))),
  );

const hasOutput = (project) =>
  existsSync(join(project, 'dist')) ||
  !existsSync(join(project, 'src')) ||
  names(join(project, 'src')).length === 0;

/** Path, size and time of everything that a build reads. */
function sourceStamp(root) {
  const files = ['package.json', 'nx.json', '.swcrc'].map((name) => join(root, name));
  for (const project of projects(root)) {
    files.push(join(project, 'package.json'));
    collect(join(project, 'src'), files);
  }
  const hash = createHash('sha256');
  for (const file of files) {
    const { size, mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0 };
    hash.update(`${relative(root, file)} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function collect(folder, files) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && !entry.name.endsWith('.spec.ts')) files.push(join(entry.parentPath, entry.name));
  }
}

const names = (folder) => (existsSync(folder) ? readdirSync(folder) : []);
