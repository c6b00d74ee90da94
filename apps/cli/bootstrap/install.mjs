import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nativeFailure, npmFailure } from './npm-failure.mjs';
import { exclusively } from './lock.mjs';
import { startProgress } from './progress.mjs';
import { findTool, run, toolEnvironment } from './run.mjs';
import { installCommand } from './system-package.mjs';
import { missingTools, nativeBuildEnvironment, toolPackages } from './toolchain.mjs';

const lockFile = (root) => join(root, '.nx', 'concordat-install.lock');
export const installStampFile = (root) => join(root, 'node_modules', '.concordat-install');

/** Makes node_modules what package-lock.json says, for this Node. Costs a few milliseconds when it is. */
export async function provideDependencies(root) {
  if (await isInstalled(root)) return;
  const tell = (line) => process.stderr.write(`${line}\n`);
  const onWait = (pid) => tell(`… another ./concordat (process ${pid}) is installing; waiting for it`);
  await exclusively(lockFile(root), onWait, async () => {
    if (await isInstalled(root)) return;
    if (!(await hasPackages(root))) await installPackages(root);
    if (!(await loadsNativeModules(root))) await buildNativeModules(root, tell);
    await writeFile(installStampFile(root), await expectedStamp(root)).catch(() => undefined);
  });
}

export async function isInstalled(root) {
  const stamp = await readFile(installStampFile(root), 'utf8').catch(() => undefined);
  return stamp !== undefined && stamp === (await expectedStamp(root));
}

/** Changes with the lock file, and with the Node for which native modules were compiled. */
async function expectedStamp(root) {
  const lock = createHash('sha256')
    .update(await readFile(join(root, 'package-lock.json')))
    .digest('hex');
  return `${lock} ${process.platform}-${process.arch}-${process.versions.modules}\n`;
}

/**
 * Whether npm itself, called by someone else, has already installed what the lock file says. npm keeps an account of
 * what it did in node_modules/.package-lock.json.
 */
async function hasPackages(root) {
  try {
    const wanted = await packagesOf(join(root, 'package-lock.json'));
    const present = await packagesOf(join(root, 'node_modules', '.package-lock.json'));
    return Object.entries(wanted).every(([path, entry]) => {
      if (!path.includes('node_modules/') || entry.optional === true) return true;
      const found = present[path];
      return found !== undefined && found.version === entry.version && found.integrity === entry.integrity;
    });
  } catch {
    return false;
  }
}

const packagesOf = async (file) => JSON.parse(await readFile(file, 'utf8')).packages;

async function installPackages(root) {
  const npm = requireNpm();
  const wanted = Object.values(await packagesOf(join(root, 'package-lock.json'))).filter(
    isForThisMachine,
  ).length;
  const progress = startProgress('Installing packages (npm ci; the first time takes a minute or two)');
  let fetched = 0;
  const watch = watchRegistry();
  const onLine = (line, stop) => {
    if (!/^npm http (fetch|cache) /.test(line)) return true;
    if (watch(line)) stop();
    if (/\.tgz/.test(line)) fetched += 1;
    progress.phase(fetched < wanted ? `fetching ${fetched} of ${wanted}` : 'writing files');
    return / (4|5)\d\d | failed with /.test(line);
  };
  const { code, lines } = await run(npm, npmCi, { cwd: root, env: toolEnvironment(), onLine });
  if (code === 0) return progress.done(`Installed ${wanted} packages`);
  progress.stop();
  throw npmFailure(npm, root, code, lines);
}

// Scripts of packages do not run here: which of them may is decided in package.json (`allowScripts`), and older npm
// versions would run them all.
const npmCi = [
  'ci',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--no-progress',
  '--prefer-offline',
  '--loglevel=http',
];

const FAILURES = 20;
const SILENCE_MS = 10_000;

/**
 * npm tries each of a thousand packages several times, minutes apart, before it admits that there is no network.
 * @returns {(line: string) => boolean} whether, after this line of npm's, there is no hope left
 */
function watchRegistry() {
  let failures = 0;
  let since = 0;
  return (line) => {
    if (!/ failed with /.test(line)) failures = 0;
    else if (failures++ === 0) since = performance.now();
    return failures >= FAILURES && performance.now() - since > SILENCE_MS;
  };
}

const isForThisMachine = ({ link, integrity, os, cpu }) =>
  link !== true && integrity !== undefined && includes(os, process.platform) && includes(cpu, process.arch);
const includes = (list, value) => list === undefined || list.includes(value);

/** Runs the install scripts that package.json allows, of the packages that are there. */
async function buildNativeModules(root, tell) {
  const npm = requireNpm();
  const env = toolEnvironment(await nativeBuildEnvironment(tell));
  const { allowScripts = {} } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const packages = Object.keys(allowScripts).filter(
    (name) => allowScripts[name] === true && existsSync(join(root, 'node_modules', name)),
  );
  const progress = startProgress('Compiling native modules (about a minute)');
  const onLine = (line) => {
    const file = /(?:CC|CXX|c\+\+|g\+\+)\S*\s.*?([\w-]+)\.(?:c|cpp|o)\b/.exec(line)?.[1];
    if (file !== undefined) progress.phase(file);
  };
  const args = ['rebuild', '--foreground-scripts', '--no-progress', ...packages];
  const { code, lines } = await run(npm, args, { cwd: root, env, onLine });
  if (code === 0 && (await loadsNativeModules(root))) return progress.done(`Prepared ${packages.join(', ')}`);
  progress.stop();
  throw nativeFailure(code, lines, missingTools(), installCommand(toolPackages));
}

async function loadsNativeModules(root) {
  const script = 'new (require("better-sqlite3"))(":memory:").close()';
  const { code } = await run(process.execPath, ['-e', script], { cwd: root, env: toolEnvironment() });
  return code === 0;
}

function requireNpm() {
  const npm = findTool('npm');
  if (npm !== undefined) return npm;
  throw new Error(
    'npm was not found on the PATH. It comes with Node from nodesource, nvm or nodejs.org; Debian has it apart: sudo apt-get install -y npm',
  );
}
