import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

const KEPT_LINES = 60;
const ENDING_SIGNALS = [
  'SIGINT',
  'SIGTERM',
  ...(process.env.CONCORDAT_HANGUP === 'ignored' ? [] : ['SIGHUP']),
];

/** @returns {string | undefined} the path of the first of the programs that is on the user's PATH */
export const findProgram = (...names) => findOn(process.env.PATH ?? '', names);

/** The same, but beside this very Node first, as `toolEnvironment` has it. */
export const findTool = (...names) => findOn(searchPath(), names);

function findOn(path, names) {
  for (const name of names) {
    for (const folder of path.split(delimiter).filter(Boolean)) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // not here
      }
    }
  }
  return undefined;
}

const searchPath = () => [dirname(process.execPath), process.env.PATH].filter(Boolean).join(delimiter);

/**
 * The environment for tools: this very Node first on the PATH, so that their `#!/usr/bin/env node` finds it, no
 * telemetry, no daemon that stays behind.
 */
export function toolEnvironment(extra = {}) {
  return {
    ...process.env,
    PATH: searchPath(),
    NX_DAEMON: 'false',
    NX_NO_CLOUD: 'true',
    NX_TUI: 'false',
    SCARF_ANALYTICS: 'false',
    ...extra,
  };
}

/**
 * Runs a program and hears every line it prints. A signal that would end us ends the program first.
 * @param {(line: string, stop: () => void) => boolean | void} [options.onLine] false: the line is not worth keeping
 * @returns {Promise<{ code: number | null, signal: string | null, lines: string[] }>} the last lines, for an error
 */
export function run(program, args, { cwd, env, onLine = () => undefined }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const stop = (name = 'SIGTERM') => child.kill(name);
    const onSignal = (name) => {
      stop(name);
      process.exit(1);
    };
    for (const name of ENDING_SIGNALS) process.once(name, onSignal);
    const lines = [];
    const keep = (line) => {
      if (onLine(line, stop) === false || line.trim() === '') return;
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
    };
    eachLine(child.stdout, keep);
    eachLine(child.stderr, keep);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      for (const name of ENDING_SIGNALS) process.off(name, onSignal);
      resolve({ code, signal, lines });
    });
  });
}

function eachLine(stream, act) {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text) => {
    const parts = (rest + text).split(/\r?\n/);
    rest = parts.pop();
    parts.forEach(act);
  });
  stream.on('end', () => rest && act(rest));
}

export const indented = (lines) => lines.map((line) => `    ${line}`).join('\n');
