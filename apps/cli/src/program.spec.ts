import { type Command } from 'commander';
import { type CommandEntry } from './commands';
import { type Context, UserError } from './context';
import { runCommandLine } from './program';

const calls: { data: string; format: string; options: unknown }[] = [];
let printed = '';

const entry = (name: string, act: () => void = () => undefined): CommandEntry => ({
  name,
  summary: `does ${name}`,
  load: () => ({
    register: (command: Command, context: () => Context) =>
      void command.option('--flag').action((options: unknown) => {
        const { dataDirectory, output } = context();
        calls.push({ data: dataDirectory, format: output.format, options });
        act();
      }),
  }),
});
const never: CommandEntry = {
  name: 'heavy',
  summary: 'must not be loaded',
  load: () => {
    throw new Error('loaded');
  },
};

const run = (...argv: string[]): Promise<number> =>
  runCommandLine(argv, [
    entry('go'),
    never,
    entry('fail', () => {
      throw new UserError('no such thing. Make one: thing');
    }),
  ]);

beforeEach(() => {
  calls.length = 0;
  printed = '';
  const keep = (text: unknown): boolean => {
    printed += String(text);
    return true;
  };
  jest.spyOn(process.stdout, 'write').mockImplementation(keep);
  jest.spyOn(process.stderr, 'write').mockImplementation(keep);
});
afterEach(() => jest.restoreAllMocks());

describe('the command line', () => {
  it.each([
    ['before the command', ['-o', 'json', '--data', '/d', 'go', '--flag']],
    ['after the command', ['go', '--flag', '--data=/d', '-o', 'json']],
  ])('takes global options %s', async (_where, argv) => {
    expect(await run(...argv)).toBe(0);
    expect(calls).toEqual([{ data: '/d', format: 'json', options: { flag: true } }]);
  });

  it('prints tables unless it is told otherwise, and makes the data folder absolute', async () => {
    expect(await run('go', '--data', 'x')).toBe(0);
    expect(calls).toMatchObject([{ data: `${process.cwd()}/x`, format: 'table' }]);
  });

  it.each([[['--data', '', 'go']], [['go', '--data=']], [['go', '--data', ' ']]])(
    '%j: an empty data folder is refused, not taken for the working directory',
    async (argv) => {
      expect(await run(...argv)).toBe(1);
      expect(calls).toEqual([]);
      expect(printed).toContain('--data is empty');
    },
  );

  it('lists all commands without loading any', async () => {
    expect(await run('--help')).toBe(0);
    expect(printed).toContain('must not be loaded');
  });

  it('says which version it is', async () => {
    expect(await run('--version')).toBe(0);
    expect(printed).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([[['nosuch']], [['go', '--nosuch']], [['go', '-o', 'yaml']], [[]]])(
    '%j is a wrong call',
    async (argv) => {
      expect(await run(...argv)).toBe(2);
      expect(calls).toEqual([]);
    },
  );

  it('that fails exits with 1 and prints the message without a stack', async () => {
    expect(await run('fail')).toBe(1);
    expect(printed).toBe('concordat: no such thing. Make one: thing\n');
  });
});
