import { lstatSync, readlinkSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';

/** A file or folder that others could read, or that we cannot use. The message holds the command that repairs it. */
export class PermissionsError extends Error {
  override readonly name = 'PermissionsError';
}

/** A path as one word of a shell command. */
export const shellWord = (path: string): string => `'${path.replaceAll("'", `'\\''`)}'`;

/** Why a folder cannot be made or used, and what helps against that very reason. */
export function explainFolder(directory: string, { code, message }: NodeJS.ErrnoException): PermissionsError {
  const reason = code === undefined ? message : `${code}: ${message.replace(`${code}: `, '')}`;
  return new PermissionsError(`The folder ${directory} cannot be used. ${fixOf(directory, code) ?? reason}`);
}

function fixOf(directory: string, code: string | undefined): string | undefined {
  switch (code) {
    case 'EEXIST':
    case 'ENOTDIR':
    case 'ENOENT':
      return obstacle(directory);
    case 'EROFS':
      return 'It lies on a file system that is mounted read-only. Mount it writable, or choose another folder.';
    case 'ENAMETOOLONG':
      return 'The path is too long for this system. Choose a shorter one.';
    case 'ELOOP':
      return 'Its links lead in a circle. Repair them, or choose another folder.';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'There is no space left. Make room, or choose a folder on another disk.';
    case 'EACCES':
    case 'EPERM':
      return permission(directory);
    default:
      return undefined;
  }
}

/** The part of the path that is no folder. */
function obstacle(directory: string): string | undefined {
  for (const path of upwards(directory)) {
    const itself = look(lstatSync, path);
    if (itself === undefined) continue;
    const target = look(statSync, path);
    if (target === undefined && itself.isSymbolicLink())
      return `${path} is a link to ${readlinkSync(path)}, which does not exist. Make that, or remove the link.`;
    if (target?.isDirectory() === true) return undefined;
    return `${path} is a file, and must be a folder. Move it away, or choose another folder.`;
  }
  return undefined;
}

function permission(directory: string): string {
  const there = [...upwards(directory)].find((path) => look(statSync, path) !== undefined) ?? '/';
  if (there === directory)
    return `This user may not use it. Give it to the user that runs Concordat: sudo chown -R "$(id -un)" ${shellWord(directory)}, or choose another one.`;
  return (
    `This user may not reach it, or make it in ${there}. Make it for the user that runs Concordat: ` +
    `sudo install -d -m 700 -o "$(id -un)" ${shellWord(directory)}, or choose another one.`
  );
}

function* upwards(directory: string): Generator<string> {
  let path = directory;
  for (; path !== dirname(path); path = dirname(path)) yield path;
  yield path;
}

function look(stat: (path: string) => Stats, path: string): Stats | undefined {
  try {
    return stat(path);
  } catch {
    return undefined;
  }
}
