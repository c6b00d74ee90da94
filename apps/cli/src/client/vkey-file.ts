import { readFile } from 'node:fs/promises';
import { UserError } from '../context';

/** The verifier key that is pinned on this machine. @throws UserError when there is none */
export async function readVkey(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text.trim() !== '') return text.trim();
  throw new UserError(
    `There is no verifier key in ${file}. audit-service writes it at its first start; name another file with --vkey <file>.`,
  );
}
