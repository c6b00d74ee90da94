import { readFile } from 'node:fs/promises';
import { isConcordatError, type JsonValue, parseStrictJson } from '@concordat/contracts';
import { UserError } from '../context';
import { visible } from '../output';

/** @throws UserError with the file, and why it cannot be read */
export async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new UserError(visible(`${file} cannot be read (${(error as Error).message.split(',')[0]}).`));
  }
}

/** JSON as the gateway would take it. @throws UserError with the file, and what is wrong in it */
export async function readJsonFile(file: string): Promise<JsonValue> {
  const bytes = await readBytes(file);
  try {
    return parseStrictJson(bytes) as JsonValue;
  } catch (error) {
    if (isConcordatError(error)) throw new UserError(visible(`${file}: ${error.detail}`));
    throw error;
  }
}
