import { Writable } from 'node:stream';
import { jsonText, output, table, visible } from './output';

describe('output', () => {
  it('is JSON for programs and text for people', () => {
    const printed: string[] = [];
    const stream = { write: (text: string) => printed.push(text) };
    output('json', stream).data({ a: 1 }, () => 'one');
    output('table', stream).data({ a: 1 }, () => 'one');
    expect(printed).toEqual(['{\n  "a": 1\n}\n', 'one\n']);
  });

  it('of rows is aligned, without spaces at the ends of lines', () => {
    expect(
      table(
        ['name', 'n'],
        [
          ['long name', '1'],
          ['x', ''],
        ],
      ),
    ).toBe('name       n\nlong name  1\nx');
  });

  it('has been written when it says so, and is an error when it could not be', async () => {
    const printed: string[] = [];
    const acts: ((error?: Error) => void)[] = [];
    const stream = new Writable({
      write: (chunk, _encoding, done) => (printed.push(String(chunk)), void acts.push(done)),
    });
    const steps: string[] = [];
    const first = output('table', stream)
      .written(1, () => 'one')
      .then(() => steps.push('written'));
    expect([printed, steps]).toEqual([['one\n'], []]);
    acts[0]!();
    await first;
    expect([steps, stream.listenerCount('error')]).toEqual([['written'], 0]);

    const second = output('json', stream).written(2, () => 'two');
    acts[1]!(new Error('the disk is full'));
    await expect(second).rejects.toThrow('the disk is full');
  });
});

describe('what others wrote', () => {
  const hostile = 'a\u001b[2Jb\u009bc\u202ed\u2028e\u2029f\u007fg\nh\ti\u{e0041}j\ud800';

  it('cannot steer the terminal', () => {
    const shown = 'a\\u001b[2Jb\\u009bc\\u202ed\\u2028e\\u2029f\\u007fg\\nh\\ti\\udb40\\udc41j\\ud800';
    expect(visible(hostile)).toBe(shown);
    expect(visible('Ada — Ünal 艾达 🙂')).toBe('Ada — Ünal 艾达 🙂');
    expect(visible('two\nlines\u001b', '\n')).toBe('two\nlines\\u001b');
  });

  it('cannot leave its cell', () => {
    expect(table(['name', 'n'], [['x\nAda', '1']])).toBe('name    n\nx\\nAda  1');
    expect(table(['name'], [[hostile]])).not.toMatch(/[^\P{C}\n]/u);
  });

  it('means the same in JSON', () => {
    const text = jsonText({ [hostile]: [hostile] });
    expect(text).not.toMatch(/[^\P{C}\n]/u);
    expect(JSON.parse(text)).toEqual({ [hostile]: [hostile] });
  });
});
