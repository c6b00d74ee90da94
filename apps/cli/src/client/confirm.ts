import { createInterface } from 'node:readline';
import { UserError } from '../context';

/** As much of a terminal as a question needs. */
interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

/**
 * Asks before something that cannot be undone.
 * @param otherwise what to do where there is no terminal to ask on
 * @throws UserError unless the answer is yes
 */
export async function confirm(
  question: string,
  otherwise: string,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (input.isTTY !== true) throw new UserError(`There is no terminal to ask on. ${otherwise}`);
  output.write(`${question} [y/N] `);
  const lines = createInterface({ input, terminal: false });
  const answer = await new Promise<string>((resolve) => {
    lines.once('line', resolve);
    // The end of the input is no answer.
    lines.once('close', () => resolve(''));
  });
  lines.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new UserError('Nothing was changed.');
}
