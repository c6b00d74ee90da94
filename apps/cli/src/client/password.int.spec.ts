import { PassThrough } from 'node:stream';
import { type PasswordSource, readNewPassword, readPassword } from './password';

const asked: string[] = [];
const prompt = { write: (text: string) => asked.push(text) };
beforeEach(() => void asked.splice(0));

/** A terminal at which somebody types. */
function terminal(): PasswordSource & { readonly raw: boolean[]; readonly stream: PassThrough } {
  const raw: boolean[] = [];
  const stream = new PassThrough();
  const setRawMode = (isRaw: boolean) => (raw.push(isRaw), stream as never);
  return Object.assign(stream, { isTTY: true, setRawMode, raw, stream }) as never;
}

describe('a password', () => {
  it('that somebody has is asked for once, and not shown', async () => {
    const input = terminal();
    const password = readPassword(false, input, prompt);
    input.stream.write('correct horse\r');
    expect(await password).toBe('correct horse');
    expect([asked.join(''), input.raw]).toEqual(['Password: \n', [true, false]]);
  });

  it('that is to be is asked for twice, and not shown', async () => {
    const input = terminal();
    const password = readNewPassword(false, input, prompt);
    input.stream.write('correct horsf\u007fe\r');
    await new Promise(setImmediate);
    input.stream.write('correct ho');
    input.stream.write('rse\r');
    expect(await password).toBe('correct horse');
    expect(asked.join('')).toBe('Password: \nAgain: \n');
    expect(input.raw).toEqual([true, false, true, false]);
  });

  it('that is typed differently, or given up, changes nothing', async () => {
    for (const [first, second] of [
      ['one\r', 'two\r'],
      ['one\r', '\u0003'],
    ] as const) {
      const input = terminal();
      const password = readNewPassword(false, input, prompt);
      input.stream.write(first);
      await new Promise(setImmediate);
      input.stream.write(second);
      await expect(password).rejects.toThrow('Nothing was changed');
      expect(input.raw.at(-1)).toBe(false);
    }
  });

  it('is the one line that is piped in', async () => {
    const piped = (...chunks: string[]) => {
      const stream = new PassThrough();
      chunks.forEach((chunk) => stream.write(chunk));
      stream.end();
      return readPassword(true, stream, prompt);
    };
    expect(await piped('correct ', 'horse\n')).toBe('correct horse');
    expect(await piped(' spaces belong to it ')).toBe(' spaces belong to it ');
    expect(await piped('x\r\n')).toBe('x');
    for (const wrong of ['', '\n', 'one\ntwo\n']) await expect(piped(wrong)).rejects.toThrow('one line');
    await expect(piped('x'.repeat(5_000))).rejects.toThrow('too long');
  });

  it('is not asked for without a terminal', async () => {
    await expect(readPassword(false, new PassThrough(), prompt)).rejects.toThrow('--password-stdin');
  });
});
