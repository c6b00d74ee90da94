import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { addSecretArgument, choice, json, jsonOrText, pair, wholeNumber } from './arguments';

describe('a number on the command line', () => {
  const number = wholeNumber(1, 100);
  it('is a whole one within its limits', () => expect([number('1'), number('100')]).toEqual([1, 100]));
  it.each(['0', '101', '-1', '1.5', '1e1', '', 'ten', '0x10', ' 1'])('is not %p', (text) => {
    expect(() => number(text)).toThrow('a whole number from 1 to 100');
  });
});

describe('JSON on the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'concordat-arguments-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is what the gateway would take', () => {
    expect(json('{"a":[1,"x",null]}')).toEqual({ a: [1, 'x', null] });
    for (const text of [
      '{"a":1,"a":2}',
      '{"__proto__":1}',
      '[1',
      '',
      'text',
      '9007199254740993',
      '['.repeat(33),
    ])
      expect(() => json(text)).toThrow(InvalidArgumentError);
  });

  it('may lie in a file', () => {
    const file = join(folder, 'memory.json');
    writeFileSync(file, '{"from":"file"}');
    expect(json(`@${file}`)).toEqual({ from: 'file' });
    expect(() => json(`@${file}.gone`)).toThrow('no such file');
  });

  it('that is wrong is not repeated in what is said about it', () => {
    const secret = 'hunter2';
    for (const text of [
      `{"${secret}":1,"${secret}":2}`,
      `["${secret}"`,
      secret,
      `@${secret}`,
      `@${folder}`,
    ]) {
      let said = '';
      const command = new Command('put')
        .exitOverride()
        .configureOutput({ writeErr: (words) => (said += words) });
      addSecretArgument(command, '<content>', 'what', json).action(() => undefined);
      expect(() => command.parse([text], { from: 'user' })).toThrow(CommanderError);
      expect(said).toContain("error: the argument 'content' is invalid. ");
      expect(said).not.toContain(secret);
      expect(said).not.toContain(folder);
    }
  });

  it('or text is JSON when it looks like it', () => {
    const written = ['{"a":1}', ' [1]', '"quoted"', '42', 'true', 'null', '-1.5e3'];
    expect(written.map(jsonOrText)).toEqual([{ a: 1 }, [1], 'quoted', 42, true, null, -1500]);
    const plain = ['hello', '6 x 7?', 'true story', '@ada how are you', ''];
    expect(plain.map(jsonOrText)).toEqual(plain);
  });

  it('with a slip in it is not taken for text', () => {
    for (const text of ['{"a":1,}', '[1 2]', '"open', "{'a':1}"])
      expect(() => jsonOrText(text)).toThrow(InvalidArgumentError);
  });
});

describe('pairs on the command line', () => {
  it('are gathered, and their values are JSON where they can be', () => {
    const gathered = ['team=red', 'level=3', 'tags=["a"]', 'note=a=b'].reduce(
      (all, text) => pair(text, all),
      {},
    );
    expect(gathered).toEqual({ team: 'red', level: 3, tags: ['a'], note: 'a=b' });
  });

  it.each([['novalue'], ['=x'], ['__proto__=x'], ['team=blue']])('are not %p', (text) => {
    expect(() => pair(text, { team: 'red' })).toThrow('key=value, each key once');
  });
});

describe('a choice on the command line', () => {
  const parse = (...argv: string[]): unknown => {
    const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
    command.addOption(choice('--type <type>', 'what', ['QUERY', 'EVENT']));
    return command.parse(argv, { from: 'user' }).opts();
  };

  it('is taken in lower case too', () => {
    expect([parse('--type', 'event'), parse('--type', 'QUERY')]).toEqual([
      { type: 'EVENT' },
      { type: 'QUERY' },
    ]);
  });

  it('names what there is when it is wrong', () => {
    expect(() => parse('--type', 'other')).toThrow('Allowed: QUERY, EVENT.');
  });
});
