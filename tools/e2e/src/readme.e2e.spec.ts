import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { toBase64url } from '@concordat/crypto';
import { newAgent } from '@concordat/testing';
import { inherited } from './environment';
import { repository, System } from './system';

const run = promisify(execFile);
const defaults = { url: 'http://127.0.0.1:7400', folder: '.concordat' };

const read = (file: string): string => readFileSync(join(repository, file), 'utf8');

/** The code of a text's fences of a language. */
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, of]) => of === language)
    .map(([, , code]) => code!);

describe('README.md', () => {
  const readme = read('README.md');
  let system: System;
  beforeAll(async () => void (system = await System.start()));
  afterAll(() => system.stop());

  /** What the reader has, but for the port and the folder, which are free ones here. */
  const here = (code: string): string =>
    code.replaceAll(defaults.url, system.url()).replaceAll(defaults.folder, system.folder);

  /** Runs a program from inside of the repository, as the README says. */
  async function runProgram(name: string, code: string): Promise<string> {
    const folder = join(repository, 'tmp');
    const file = join(folder, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, here(code));
    try {
      return (await run(process.execPath, [file], { cwd: repository, env: inherited(), timeout: 60_000 }))
        .stdout;
    } finally {
      rmSync(file);
    }
  }

  it('names two commands: the one that starts everything, and the one that CI runs', () => {
    const commands = blocks(readme, 'sh')[0]!.match(/^\S+ \S+/gm);
    expect(commands).toEqual(['./concordat up', './concordat test']);
    expect(read('.ci/run')).toContain(`exec ${commands![1]!} "$@"`);
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect([scripts['start'], scripts['test']]).toEqual(commands);
  });

  it('has an SDK example of ten lines that works', async () => {
    const [code] = blocks(readme, 'js') as [string];
    expect(code.match(/^.+$/gm)).toHaveLength(10);
    const printed = await runProgram('first.mjs', code);
    expect(printed).toContain("{ hello: 'myself' }");
    expect(printed).toContain('content: { is: 42 }');
  });

  it('has a curl example that works', async () => {
    const agent = await system.registered();
    await system.client(agent).messages.send({ to: agent.did, type: 'EVENT', payload: 1 });
    const [, code] = blocks(readme, 'sh') as [string, string];
    // Command lines are public: curl reads the credential from its input.
    expect(code).toContain('curl -fsS -H @- ');
    expect(code).not.toMatch(/curl.*ApiKey/);
    const { stdout } = await run('sh', ['-euc', here(code)], {
      cwd: repository,
      env: inherited(),
    });
    expect(stdout).toContain(agent.did);
    expect(stdout).toContain('"items":[');
    expect(stdout).toContain('\n— ');
  });

  it('shows an SDK whose own example works', async () => {
    const agent = newAgent();
    await system.admin().agents.register({ name: 'reader', type: 'SERVICE', publicKey: agent.publicKeyText });
    const [example] = blocks(read('libs/sdk/README.md'), 'js') as [string];
    const secretKey = `const secretKey = '${toBase64url(agent.secretKey)}';`;
    const untilItPrints =
      'const print = console.log; console.log = (...words) => { print(...words); void inbox.stop(); };';
    const program = `(async () => {\n${untilItPrints}\n${secretKey}\n${example}})();\n`;
    expect(await runProgram('sdk.cjs', program)).toBe('the answer is 42\n');
  });

  it('and every other page link to files that exist', async () => {
    const { stdout } = await run('git', ['ls-files', '*.md'], { cwd: repository });
    const dead = stdout
      .trim()
      .split('\n')
      .flatMap((page) =>
        [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)]
          .map(([, target]) => join(dirname(page), target!))
          .filter((target) => !existsSync(join(repository, target)))
          .map((target) => `${page} → ${target}`),
      );
    expect(dead).toEqual([]);
  });
});
