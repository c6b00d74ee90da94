import type { ReadStream } from 'node:tty';
import { limits } from '@concordat/contracts';
import { UserError } from '../context';

/** As much of stdin as a password needs. */
export type PasswordSource = NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>;

const longest = limits.passwordBytes * 4;

interface Prompt {
  write(text: string): unknown;
}

/** How passwords are given on a command line; never as an argument. */
export const passwordFromStdin = [
  '--password-stdin',
  'read the password from stdin instead of asking for it',
] as const;

/**
 * The password that somebody has, from a terminal without showing it, or as the first line of what is piped in. Never an
 * argument: those stand in the history of the shell and in the list of processes.
 * @param isPiped `--password-stdin`
 * @throws UserError
 */
export async function readPassword(
  isPiped: boolean,
  input: PasswordSource = process.stdin,
  prompt: Prompt = process.stderr,
): Promise<string> {
  if (isPiped) return firstLine(input);
  if (input.isTTY !== true || !input.setRawMode)
    throw new UserError('There is no terminal to ask for the password. Pipe it in with --password-stdin.');
  return askHidden(input, prompt, 'Password: ');
}

/** The password that somebody is to have: a terminal is asked for it twice. @throws UserError */
export async function readNewPassword(
  isPiped: boolean,
  input: PasswordSource = process.stdin,
  prompt: Prompt = process.stderr,
): Promise<string> {
  const once = await readPassword(isPiped, input, prompt);
  if (!isPiped && (await askHidden(input, prompt, 'Again: ')) !== once)
    throw new UserError('The two passwords are not the same. Nothing was changed.');
  return once;
}

async function firstLine(input: PasswordSource): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk as Uint8Array));
    bytes += chunks.at(-1)!.byteLength;
    if (bytes > longest + 2) throw new UserError('What was piped in is too long for a password.');
  }
  const [line = '', ...rest] = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
    .split('\n');
  if (line === '' || rest.length > 0)
    throw new UserError('Pipe in one line that holds the password, and nothing else.');
  return line;
}

/** One line in raw mode: the terminal shows nothing, so what a line editor does is done here. */
function askHidden(input: PasswordSource, prompt: Prompt, question: string): Promise<string> {
  prompt.write(question);
  input.setRawMode!(true);
  return new Promise((resolve, reject) => {
    let typed = '';
    const end = (settle: () => void): void => {
      input.removeListener('data', listen);
      input.setRawMode!(false);
      input.pause();
      prompt.write('\n');
      settle();
    };
    const listen = (chunk: string | Buffer): void => {
      for (const character of chunk.toString('utf8')) {
        if (character === '\r' || character === '\n') return end(() => resolve(typed));
        if (character === '\u0003' || character === '\u0004')
          return end(() => reject(new UserError('No password was given. Nothing was changed.')));
        if (character === '\u007f' || character === '\b') typed = [...typed].slice(0, -1).join('');
        else if (character >= ' ' && Buffer.byteLength(typed) < longest) typed += character;
      }
    };
    input.on('data', listen);
    input.resume();
  });
}
