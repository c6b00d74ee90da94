import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogStream } from './log-stream';

const lost = (lines: number): string => `${lines} lost\n`;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the stream of a log', () => {
  let folder: string;
  let file: string;
  let descriptor: number;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'concordat-log-'));
    file = join(folder, 'log');
    descriptor = openSync(file, 'a');
  });
  afterEach(() => {
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  });
  const written = (): string => readFileSync(file, 'utf8');

  it('writes lines in order', async () => {
    const stream = new LogStream(descriptor, lost);
    const lines = Array.from({ length: 10_000 }, (_, n) => `${n} é\n`);
    for (const line of lines) stream.write(line);
    while (written().length < lines.join('').length) await turn();
    expect(written()).toBe(lines.join(''));
  });

  it('writes what waits before the process ends', () => {
    const stream = new LogStream(descriptor, lost);
    stream.write('in the background\n');
    stream.write('last\n');
    stream.flushSync();
    expect(written()).toContain('last\n');
  });

  it('drops what is too much, and says how much', async () => {
    const stream = new LogStream(descriptor, lost);
    const line = `${'x'.repeat(99_999)}\n`;
    for (let count = 0; count < 20; count++) stream.write(line);
    while (!written().endsWith('x\n')) await turn();
    stream.write('next\n');
    while (!written().endsWith('next\n')) await turn();
    const said = Number(/^(\d+) lost$/m.exec(written())![1]);
    expect(
      said +
        written()
          .split('\n')
          .filter((text) => text.startsWith('x')).length,
    ).toBe(20);
  });

  (existsSync('/dev/full') ? it : it.skip)(
    'goes on when the disk is full, and so does the process',
    async () => {
      const full = openSync('/dev/full', 'a');
      const stream = new LogStream(full, lost);
      for (let count = 0; count < 100; count++) {
        stream.write('nobody will read this\n');
        await turn();
      }
      stream.flushSync();
      closeSync(full);
    },
  );
});
