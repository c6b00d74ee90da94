import { spawnSync } from 'node:child_process';
import { indented, toolEnvironment } from './run.mjs';

const noNetwork =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b/;

const knownCauses = [
  {
    pattern: noNetwork,
    explain: (registry) =>
      `The npm registry ${registry} cannot be reached. Check the network; behind a proxy set HTTPS_PROXY, with a mirror ` +
      'of your own run: npm config set registry <url>. Then run this again: what was fetched is kept.',
  },
  {
    pattern:
      /\b(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT|CERT_HAS_EXPIRED)\b/i,
    explain: (registry) =>
      `The certificate of the npm registry ${registry} is not trusted. With a certificate authority of your own set ` +
      'NODE_EXTRA_CA_CERTS=/path/to/ca.pem.',
  },
  {
    pattern: /\bENOSPC\b/,
    explain: () => 'The disk is full; the packages need about 1.2 GB.',
  },
  {
    pattern: /\b(EACCES|EPERM|EROFS)\b/,
    explain: (_registry, root) =>
      `npm may not write below ${root}. Give it to this user: sudo chown -R "$(id -un)" '${root}'`,
  },
  {
    pattern: /\b(E404|ETARGET)\b|Missing: .* from lock file/,
    explain: (registry) =>
      `The npm registry ${registry} lacks a package of the lock file (mirrors may have holes). ` +
      'Try with: npm config set registry https://registry.npmjs.org/',
  },
  {
    pattern: /gyp ERR!/,
    explain: () =>
      'Compiling failed; the lines above say why. Usually: sudo apt-get install -y python3 make g++',
  },
];

/** An error that says what npm could not do, where, and the fix. */
export function npmFailure(npm, root, code, lines) {
  const text = lines.join('\n');
  const registry = spawnSync(npm, ['config', 'get', 'registry'], {
    cwd: root,
    encoding: 'utf8',
    env: toolEnvironment(),
  }).stdout?.trim();
  const cause = knownCauses.find(({ pattern }) => pattern.test(text));
  const telling = lines.filter((line) => !/^npm (http|warn|notice)/.test(line));
  const last = (telling.length > 0 ? telling : lines).slice(cause?.pattern === noNetwork ? -3 : -12);
  return new Error(
    `npm failed${code === null ? '' : ` (exit code ${code})`}:\n${indented(last)}\n` +
      (cause?.explain(registry, root) ?? `Registry: ${registry}. Run "npm ci" in ${root} to see all of it.`),
  );
}

/** The same for the install script of better-sqlite3, which downloads or compiles. */
export function nativeFailure(code, lines, missingTools, installTools) {
  const telling = lines.filter((line) => /prebuild-install|gyp ERR! stack|error:|fatal/.test(line));
  const fix =
    missingTools.length === 0
      ? 'Compiling it failed; run "npm rebuild better-sqlite3 --foreground-scripts" to see all of it.'
      : `It cannot be compiled here (missing: ${missingTools.join(', ')}) and its prebuilt binary could not be downloaded ` +
        `from GitHub. Install the compiler: ${installTools}, then run this again.`;
  return new Error(
    `better-sqlite3 could not be installed (exit code ${code}):\n${indented(telling.slice(-8))}\n${fix}`,
  );
}
