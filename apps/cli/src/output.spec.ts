import { output, table } from './output';

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
});
