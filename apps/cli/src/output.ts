import { type WriteStream } from 'node:tty';

export type OutputFormat = 'json' | 'table';

/** Data goes to stdout, for people as a table or text, for programs as JSON. */
export interface Output {
  readonly format: OutputFormat;
  /** one value, in the format asked for */
  data(value: unknown, forPeople: () => string): void;
  /** the same; resolves once it has been written, and rejects when it could not be */
  written(value: unknown, forPeople: () => string): Promise<void>;
  /** the same of one value of many: for programs a line of JSON (NDJSON) */
  line(value: unknown, forPeople: () => string): Promise<void>;
}

/** As much of a stream as output needs. */
interface Sink {
  write(text: string, done?: (error?: Error | null) => void): unknown;
  once?(event: 'error', listener: (error: Error) => void): unknown;
  removeListener?(event: 'error', listener: (error: Error) => void): unknown;
}

export function output(format: OutputFormat, stream: Sink = process.stdout): Output {
  const text = (value: unknown, forPeople: () => string): string =>
    `${format === 'json' ? jsonText(value) : forPeople()}\n`;
  const written = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      // A stream also emits the error that it gives to the callback, later: heard by nobody, it would end the process.
      stream.once?.('error', reject);
      stream.write(text, (error) => {
        if (error) return reject(error);
        stream.removeListener?.('error', reject);
        resolve();
      });
    });
  return {
    format,
    data: (value, forPeople) => void stream.write(text(value, forPeople)),
    written: (value, forPeople) => written(text(value, forPeople)),
    line: (value, forPeople) =>
      written(`${format === 'json' ? visible(JSON.stringify(value)) : forPeople()}\n`),
  };
}

/** Characters that a terminal obeys instead of showing them, or that turn the text around them. */
const invisible = /[\p{C}\p{Zl}\p{Zp}]/gu;
const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Data of others, safe to show on a terminal: whatever would steer it stands there as an escape of JSON.
 * @param keep characters that stay as they are
 */
export const visible = (text: string, keep = ''): string =>
  text.replace(invisible, (found) => {
    if (keep.includes(found)) return found;
    const units = found.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
    return shortEscapes[found] ?? units.join('');
  });

/** Indented JSON that a terminal only shows; it means the same. */
export const jsonText = (value: unknown): string => visible(JSON.stringify(value, null, 2), '\n');

/** Rows under headings, without borders. What is in a cell cannot leave it. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => visible(cell)));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [headings, ...cells].map(line).join('\n');
}

/** What a long step says while it runs. */
export interface Progress {
  /** what is being done or waited for; on a terminal a live line with the seconds */
  doing(text: string): void;
  done(text: string): void;
  warn(text: string): void;
  /** takes the live line away */
  end(): void;
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
/** Without a terminal, something that takes this long is worth a line. */
const QUIET_MS = 3_000;

export function progressOn(stream: WriteStream | NodeJS.WriteStream = process.stderr): Progress {
  const live = stream.isTTY === true;
  let timer: NodeJS.Timeout | undefined;
  const clear = (): void => {
    clearInterval(timer);
    timer = undefined;
    if (live) stream.write('\r\x1b[2K');
  };
  const line = (text: string): void => {
    clear();
    stream.write(`${text}\n`);
  };
  return {
    doing: (text) => {
      clear();
      const started = performance.now();
      let frame = 0;
      const show = (): void => {
        const seconds = Math.round((performance.now() - started) / 1000);
        if (live) {
          const shown = text.slice(0, (stream.columns || 80) - 10);
          stream.write(
            `\r\x1b[2K${frames[frame++ % frames.length]} ${shown}${seconds > 0 ? ` ${seconds} s` : ''}`,
          );
        } else stream.write(`… ${text} (${seconds} s)\n`);
      };
      if (live) show();
      timer = setInterval(show, live ? FRAME_MS : QUIET_MS);
      timer.unref();
    },
    done: (text) => line(`✓ ${text}`),
    warn: (text) => line(`! ${text}`),
    end: clear,
  };
}
