// Installs packages of the operating system, where that needs no question: as root or with passwordless sudo, by apt.
// Also a program of its own: node system-package.mjs <package>… (the CLI runs it for redis-server).
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startProgress } from './progress.mjs';
import { findProgram, indented, run } from './run.mjs';

/** The command for people: what to type where we cannot. */
export const installCommand = (packages) =>
  findProgram('apt-get') !== undefined || findProgram('dnf', 'apk', 'brew', 'pacman') === undefined
    ? `sudo apt-get install -y ${packages.join(' ')}`
    : `with your package manager: ${packages.join(' ')}`;

/**
 * How to become root without asking.
 * @returns {string[] | undefined} words to put before a command; undefined when there is no way
 */
function elevation() {
  if (process.getuid?.() === 0) return [];
  const sudo = findProgram('sudo');
  if (sudo === undefined) return undefined;
  return spawnSync(sudo, ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? [sudo, '-n'] : undefined;
}

// policy-rc.d with 101 forbids the package's own daemon (Debian policy 9.3.3.1): Concordat runs a private one.
// A package list that is missing or old makes the first attempt fail; updating it always would cost everyone time.
const script = `
set -u
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
policy=\${POLICY_RC_D:-/usr/sbin/policy-rc.d}
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT INT TERM
  printf '#!/bin/sh\\nexit 101\\n' >"$policy" && chmod 755 "$policy"
fi
install() { apt-get -q install -y --no-install-recommends "$@" </dev/null; }
install "$@" || { apt-get -q update && install "$@"; } || exit 1
for package in "$@"; do
  if [ "$package" = redis-server ] && command -v systemctl >/dev/null 2>&1; then
    systemctl disable redis-server >/dev/null 2>&1 || true
  fi
done
`;

/** @returns {string | undefined} why we cannot install anything here */
export function cannotInstall() {
  if (findProgram('apt-get') === undefined) return 'there is no apt-get';
  return elevation() === undefined ? 'this user is not root and has no passwordless sudo' : undefined;
}

/** @throws Error with what to do by hand */
export async function installSystemPackages(packages) {
  const obstacle = cannotInstall();
  if (obstacle !== undefined)
    throw new Error(`Cannot install ${packages.join(', ')}: ${obstacle}. Run: ${installCommand(packages)}`);
  const progress = startProgress(`Installing ${packages.join(', ')} with apt-get`);
  const [program, ...args] = [...elevation(), '/bin/sh', '-c', script, 'sh', ...packages];
  const { code, lines } = await run(program, args, {
    cwd: '/',
    env: process.env,
    onLine: (line) => progress.phase(line.trim()),
  });
  if (code === 0) return progress.done(`Installed ${packages.join(', ')} with apt-get`);
  progress.stop();
  throw new Error(
    `apt-get could not install ${packages.join(', ')} (exit code ${code}):\n${indented(lines.slice(-12))}\n` +
      `Repair apt (is there a network?), or run: ${installCommand(packages)}`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await installSystemPackages(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
