import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { shellWord } from '@concordat/processes';
import { type DataFolder } from './provision';

/** The API key that iam-service made at the first start; undefined when the file is missing or empty. */
export async function readAdminKey(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trim() === '' ? undefined : text.trim();
}

/** Whether it is gone although there was a start that made it. An empty file is no loss: with it one asks for another. */
export async function isAdminKeyLost(folder: DataFolder): Promise<boolean> {
  if (existsSync(folder.adminKeyFile)) return false;
  return (await readdir(folder.of('iam')).catch(() => [])).length > 0;
}

export const adminKeyFix = ({ adminKeyFile }: DataFolder): string =>
  'A key is made only at the very first start. Restore the file from a backup; or ask for another key, with an empty ' +
  `file: ./concordat down; (umask 077; : >${shellWord(adminKeyFile)}); ./concordat up`;
