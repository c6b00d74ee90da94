import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cannotInstall, installCommand, installSystemPackages } from './system-package.mjs';
import { findTool, toolEnvironment } from './run.mjs';

export const toolPackages = ['python3', 'make', 'g++'];

/** What the C++ part of better-sqlite3 needs to be compiled. */
export function missingTools() {
  return [
    findTool('python3', 'python') === undefined && 'python3',
    findTool('make', 'gmake') === undefined && 'make',
    findTool('g++', 'c++', 'clang++') === undefined && 'a C++ compiler',
  ].filter(Boolean);
}

/**
 * Decides how better-sqlite3 gets its binary. Compiled here, so that nothing comes from outside the npm registry; where
 * that is impossible, the prebuilt one that its authors publish on GitHub, and the user is told.
 * @returns {Promise<Record<string, string>>} variables for npm
 */
export async function nativeBuildEnvironment(tell) {
  const missing = missingTools();
  if (missing.length > 0 && !(await installToolchain(missing, tell))) return {};
  return {
    // prebuild-install exits without a download when this names its package (its rc.js), and node-gyp follows.
    npm_config_build_from_source: 'better-sqlite3',
    ...headers(tell),
  };
}

async function installToolchain(missing, tell) {
  const obstacle = cannotInstall();
  if (obstacle === undefined) {
    tell(
      `better-sqlite3 is compiled during the installation, and ${missing.join(' and ')} is missing: installing.`,
    );
    try {
      await installSystemPackages(toolPackages);
      return true;
    } catch (error) {
      tell(error.message);
    }
  }
  tell(
    `Without ${missing.join(' and ')}, better-sqlite3 takes its prebuilt binary from github.com/WiseLibs/better-sqlite3, ` +
      `which the npm registry does not vouch for. To compile it instead: ${installCommand(toolPackages)}, then run this again.`,
  );
  return false;
}

/** Node's C++ headers, which otherwise node-gyp would download from nodejs.org. */
function headers(tell) {
  const prefix = dirname(dirname(process.execPath));
  if (configuredNodedir() !== undefined) return {};
  if (existsSync(join(prefix, 'include', 'node', 'node.h'))) return { npm_config_nodedir: prefix };
  tell(
    `No C++ headers of Node lie in ${join(prefix, 'include', 'node')}: node-gyp downloads them from nodejs.org ` +
      '(once; a Node from nodesource, nvm or nodejs.org brings them).',
  );
  return {};
}

function configuredNodedir() {
  const { stdout } = spawnSync(findTool('npm'), ['config', 'get', 'nodedir'], {
    encoding: 'utf8',
    env: toolEnvironment(),
  });
  const value = (stdout ?? '').trim();
  return value === '' || value === 'undefined' || value === 'null' ? undefined : value;
}
