import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { UserError } from '../context';
import { visible } from '../output';

/**
 * The lines of a file, with their numbers from 1, without blank ones and without what ends them.
 * @param file `-` is stdin @throws UserError when it cannot be read
 */
export async function* linesOf({
  file,
  input,
}: {
  readonly file: string;
  readonly input?: NodeJS.ReadableStream | undefined;
}): AsyncGenerator<readonly [number, string]> {
  const source: NodeJS.ReadableStream = input ?? (file === '-' ? process.stdin : createReadStream(file));
  const lines = createInterface({ input: source, crlfDelay: Infinity });
  let number = 0;
  try {
    // Opened here, so that its error is thrown here: the lines would only end.
    const failed = new Promise<never>((_resolve, reject) => source.once('error', reject));
    failed.catch(() => undefined);
    const texts = lines[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([texts.next(), failed]);
      if (next.done === true) return;
      number++;
      if (next.value.trim() !== '') yield [number, next.value];
    }
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw new UserError(visible(`${file} cannot be read (${message.split(',')[0]}).`));
  } finally {
    lines.close();
  }
}
