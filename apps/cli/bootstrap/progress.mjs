const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const LINE_INTERVAL_MS = 15_000;

/**
 * Shows on stderr that a long step is under way: a live line with the seconds on a terminal, else a line now and then.
 * @param {string} title
 * @returns {{ phase(text: string): void, note(line: string): void, done(text: string): void, stop(): void }}
 */
export function startProgress(title, stream = process.stderr) {
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1000);
  const live = stream.isTTY === true;
  let current = title;
  let frame = 0;
  const clear = () => live && stream.write('\r\x1b[2K');
  const show = () => {
    if (!live) return stream.write(`… ${current} (${seconds()} s)\n`);
    const width = (stream.columns || 80) - 12;
    clear();
    return stream.write(`${frames[frame++ % frames.length]} ${current.slice(0, width)} ${seconds()} s`);
  };
  const timer = setInterval(show, live ? 100 : LINE_INTERVAL_MS);
  timer.unref();
  if (!live) stream.write(`… ${title}\n`);
  const stop = () => {
    clearInterval(timer);
    clear();
  };
  return {
    phase(text) {
      current = `${title}: ${text}`;
    },
    note(line) {
      clear();
      stream.write(`${line}\n`);
    },
    done(text) {
      stop();
      stream.write(`✓ ${text} (${seconds()} s)\n`);
    },
    stop,
  };
}
