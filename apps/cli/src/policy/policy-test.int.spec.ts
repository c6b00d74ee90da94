import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PolicySource } from '@concordat/contracts';
import { CommandLine } from '../commands/command-line.fixture';
import { repositoryRoot } from '../repository';

const readme = readFileSync(join(repositoryRoot, 'libs/policy/README.md'), 'utf8');
const example = (): PolicySource => JSON.parse(/```json\n([\s\S]*?)```/.exec(readme)![1]!) as PolicySource;

let line: CommandLine;
beforeEach(async () => void (line = await CommandLine.open()));
afterEach(() => {
  expect(line.gateway.seen).toEqual([]);
  return line.close();
});

function file(content: unknown, name = 'office.json'): string {
  const path = join(line.folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** Without `--url`: nothing is asked. */
const test = (...files: string[]): Promise<number> => line.runHere('policy', 'test', ...files);

describe('policy test', () => {
  it('passes the example of the README', async () => {
    expect(await test(file(example()))).toBe(0);
    expect(line.printed).toMatch(
      /^✓ +office +An admin.* deny by office\/elsewhere +deny by office\/elsewhere$/m,
    );
    expect(line.printed).toMatch(/^✓ +office +In the office.* allow +allow by builtin-admin\/tenant$/m);
    expect(line.printed).toMatch(/\n\n2 passed, 0 failed\n$/);
    expect(line.said).toBe('');
  });

  it('that fails says what was expected and which rule decided, and exits with 1', async () => {
    const [first, second] = example().tests!;
    const wrong = { ...second!, expect: { allow: true, rule: null } };
    expect(await test(file({ ...example(), tests: [first, wrong] }))).toBe(1);
    expect(line.printed).toMatch(/^✗ +office +In the.* allow by no rule +allow by builtin-admin\/tenant$/m);
    expect(line.printed).toMatch(/\n\n1 passed, 1 failed\n$/);
  });

  it('answers programs with JSON', async () => {
    expect(await test(file(example()), '-o', 'json')).toBe(0);
    expect(JSON.parse(line.printed)).toMatchObject({
      ...{ passed: 2, failed: 0, idlePatterns: [] },
      results: [
        { policy: 'office', passed: true, decided: { allow: false, rule: 'office/elsewhere' } },
        { policy: 'office', passed: true, decided: { allow: true, rule: 'builtin-admin/tenant' } },
      ],
    });
  });

  it('takes all files together: the rule of one fails the test of another', async () => {
    const closed = { id: 'closed', effect: 'deny', actions: ['agent.revoke'] };
    const strict = file({ id: 'strict', description: 'Nobody.', rules: [closed] }, 'strict.json');
    expect(await test(file(example()), strict)).toBe(1);
    expect(line.printed).toMatch(/^✗ +office +In the office.* allow +deny by strict\/closed$/m);
  });

  it('runs the tests in the files only: those of the built-in policies are about a tenant without others', async () => {
    const nobody = { id: 'nobody', effect: 'deny', actions: ['*'] };
    expect(await test(file({ id: 'shut', description: 'Shut.', rules: [nobody] }))).toBe(0);
    expect(line.printed).toBe('0 passed, 0 failed\n');
  });

  it('warns of patterns that fit no operation', async () => {
    const [rule] = example().rules;
    expect(
      await test(file({ ...example(), rules: [{ ...rule!, actions: ['agent.revoke', 'agnet.*'] }] })),
    ).toBe(0);
    expect(line.said).toBe('! office/elsewhere: agnet.* fits no operation\n');
  });

  it.each([
    ['no JSON', '{"id":', /office\.json: /],
    ['a key twice', '{"id":"a","id":"b"}', /office\.json: /],
    ['a key unknown', { ...example(), when: 'never' }, /office\.json is no policy:\n {2}\/ .*when/],
    ['a fault deep inside', deep(), /office\.json is no policy:\n {2}\/rules\/0\/unless\/networks\/0 /],
    ['a built-in id', { ...example(), id: 'builtin-admin' }, /\n {2}\/id must be /],
    ['too much', { ...example(), rules: many() }, /at most 65536 bytes/],
    ['a name that steers', { ...example(), '\u001b[2J': 1 }, /\\u001b\[2J/],
  ])('refuses %s, naming file and place', async (_what, content, said) => {
    expect(await test(file(example(), 'sound.json'), file(content))).toBe(1);
    expect(line.said).toMatch(said);
    expect(line.said).not.toContain('\u001b');
    expect(line.printed).toBe('');
  });

  it('refuses a file that is not there, two files of one id, and none', async () => {
    expect(await test(join(line.folder, 'none.json'))).toBe(1);
    expect(line.said).toMatch(/none\.json cannot be read \(ENOENT: no such file or directory\)/);
    expect(await test(file(example()), file(example(), 'again.json'))).toBe(1);
    expect(line.said).toMatch(/again\.json and .*office\.json both have the id office/);
    expect(await test()).toBe(2);
  });
});

function deep(): unknown {
  const [rule] = example().rules;
  return { ...example(), rules: [{ ...rule!, unless: { networks: ['10.0.0.0/99'] } }] };
}

function many(): unknown[] {
  const actions = Array.from({ length: 60 }, () => `agent.${'a'.repeat(60)}`);
  return Array.from({ length: 20 }, (_, index) => ({ id: `r${index}`, effect: 'deny', actions }));
}
