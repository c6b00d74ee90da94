import { StringDecoder } from 'node:string_decoder';

/** As much of a terminal as a live view needs. */
export interface Terminal {
  readonly input: Pick<NodeJS.ReadStream, 'on' | 'off' | 'resume' | 'pause'> & {
    setRawMode?(isRaw: boolean): unknown;
  };
  readonly output: { readonly columns?: number; readonly rows?: number; write(text: string): unknown };
}

const enter = '\x1b[?1049h\x1b[?25l';
const leave = '\x1b[?25h\x1b[?1049l';
/** Home, and each line and what is below it wiped where it is written: a screen that is cleared first flickers. */
const home = '\x1b[H';
const wipeLine = '\x1b[K';
const wipeBelow = '\x1b[J';

const ends = (keys: string): boolean => /[qQ\x03]/.test(keys);

/**
 * Shows what `draw` makes, anew after every pause, until q or Ctrl-C. The terminal is as it was afterwards, whatever
 * happens.
 * @param draw makes lines that hold nothing which steers the terminal
 */
export async function showLive(
  { input, output }: Terminal,
  draw: () => Promise<string>,
  pause: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const end = new AbortController();
  const ended = new Promise<void>((resolve) => end.signal.addEventListener('abort', () => resolve()));
  const decoder = new StringDecoder();
  const onKeys = (bytes: Buffer): void => {
    if (ends(decoder.write(bytes))) end.abort();
  };
  const onEnd = (): void => end.abort();
  input.setRawMode?.(true);
  input.on('data', onKeys).on('end', onEnd);
  input.resume();
  output.write(enter);
  try {
    while (!end.signal.aborted) {
      const text = await Promise.race([draw(), ended]);
      if (text === undefined) break;
      output.write(home + fitted(text, output) + wipeBelow);
      await pause(end.signal);
    }
  } finally {
    output.write(leave);
    input.off('data', onKeys).off('end', onEnd);
    input.setRawMode?.(false);
    input.pause();
  }
}

/** What does not fit would scroll the screen. */
function fitted(text: string, { columns = 80, rows = 24 }: Terminal['output']): string {
  const lines = text.split('\n').slice(0, rows - 1);
  return lines.map((line) => `${[...line].slice(0, columns).join('')}${wipeLine}\r\n`).join('');
}
