import { type WriteStream } from 'node:tty';

export type OutputFormat = 'json' | 'table';

/** Data goes to stdout, for people as a table or text, for programs as JSON. */
export interface Output {
  readonly format: OutputFormat;
  /** one value, in the format asked for */
  data(value: unknown, forPeople: () => string): void;
}

export function output(
  format: OutputFormat,
  stream: { write(text: string): unknown } = process.stdout,
): Output {
  return {
    format,
    data: (value, forPeople) =>
      void stream.write(format === 'json' ? `${JSON.stringify(value, null, 2)}\n` : `${forPeople()}\n`),
  };
}

/** Rows under headings, without borders. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => longestLine(row[column] ?? ''))),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [headings, ...rows].map(line).join('\n');
}

const longestLine = (text: string): number => Math.max(...text.split('\n').map((part) => part.length));

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
