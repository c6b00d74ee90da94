import { EventEmitter } from 'node:events';
import { showLive, type Terminal } from './live';

class FakeInput extends EventEmitter {
  readonly modes: boolean[] = [];
  isPaused = true;
  setRawMode(isRaw: boolean): void {
    this.modes.push(isRaw);
  }
  resume(): this {
    this.isPaused = false;
    return this;
  }
  pause(): this {
    this.isPaused = true;
    return this;
  }
  press(keys: string): void {
    this.emit('data', Buffer.from(keys));
  }
}

function open(size = { columns: 20, rows: 5 }) {
  const input = new FakeInput();
  const written: string[] = [];
  const output = { ...size, write: (text: string) => written.push(text) };
  const terminal = { input, output } as unknown as Terminal;
  return { input, written, terminal };
}

const leave = '\x1b[?25h\x1b[?1049l';

describe('a live view', () => {
  it.each(['q', 'Q', '\x03', 'abq'])(
    'draws until %j is pressed, and leaves the terminal as it was',
    async (keys) => {
      const { input, written, terminal } = open();
      let drawn = 0;
      await showLive(
        terminal,
        async () => `draw ${++drawn}`,
        async () => void (drawn === 3 && input.press(keys)),
      );
      expect(written[0]).toBe('\x1b[?1049h\x1b[?25l');
      expect(written.slice(1, -1)).toEqual([1, 2, 3].map((n) => `\x1b[Hdraw ${n}\x1b[K\r\n\x1b[J`));
      expect(written.at(-1)).toBe(leave);
      expect(input.modes).toEqual([true, false]);
      expect([input.isPaused, input.listenerCount('data'), input.listenerCount('end')]).toEqual([true, 0, 0]);
    },
  );

  it('ends at once while a draw is under way, or when its input ends', async () => {
    for (const end of ['press', 'emit'] as const) {
      const { input, written, terminal } = open();
      const shown = showLive(
        terminal,
        () => new Promise(() => setImmediate(() => input[end](end === 'press' ? 'q' : 'end'))),
        async () => undefined,
      );
      await shown;
      expect(written.at(-1)).toBe(leave);
    }
  });

  it('leaves the terminal as it was when a draw fails', async () => {
    const { input, written, terminal } = open();
    const fail = (): Promise<string> => Promise.reject(new Error('broken'));
    await expect(showLive(terminal, fail, async () => undefined)).rejects.toThrow('broken');
    expect([written.at(-1), input.modes.at(-1)]).toEqual([leave, false]);
  });

  it('does not scroll: what is wider or longer than the terminal is cut', async () => {
    const { input, written, terminal } = open({ columns: 3, rows: 3 });
    await showLive(
      terminal,
      async () => 'abcdef\nb\nc\nd',
      async () => input.press('q'),
    );
    expect(written[1]).toBe('\x1b[Habc\x1b[K\r\nb\x1b[K\r\n\x1b[J');
  });
});
