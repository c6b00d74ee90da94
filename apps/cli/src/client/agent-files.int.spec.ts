import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentFiles } from './agent-files';

let folder: string;
let agents: AgentFiles;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'concordat agents '));
  agents = new AgentFiles(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

const ada = { name: 'ada', did: 'did:key:z6Mkada', secretKey: 'secret', tenant: 'default' };
const mode = (file: string): number => statSync(file).mode & 0o777;

describe('the key of an agent', () => {
  it('is there before the agent is registered, and used once it is, for its owner only', async () => {
    expect(await agents.begin(ada)).toEqual(ada);
    expect(JSON.parse(readFileSync(agents.file('ada'), 'utf8'))).toMatchObject(ada);
    expect(await agents.find('ada')).toBeUndefined();
    await expect(agents.require('ada')).rejects.toThrow('The registration of "ada" was not finished');
    await agents.finish(ada);
    expect([await agents.find('ada'), await agents.names()]).toEqual([ada, ['ada']]);
    expect([agents.file('ada'), join(folder, 'cli'), join(folder, 'cli', 'agents')].map(mode)).toEqual([
      0o600, 0o700, 0o700,
    ]);
    expect(readdirSync(join(folder, 'cli', 'agents'))).toEqual(['ada.json']);
  });

  it('is taken up again when a registration was cut off', async () => {
    await agents.begin(ada);
    expect(await agents.begin({ ...ada, did: 'did:key:z6Mkother' })).toEqual(ada);
  });

  it('is one for all who create the agent at the same time', async () => {
    const tries = Array.from({ length: 20 }, (_, i) => ({ ...ada, did: `did:key:z6Mk${i}` }));
    const begun = await Promise.all(tries.map((agent) => new AgentFiles(folder).begin(agent)));
    expect(new Set(begun.map(({ did }) => did)).size).toBe(1);
    await agents.finish(begun[0]!);
    expect(await agents.find('ada')).toEqual(begun[0]);
    expect(readdirSync(join(folder, 'cli', 'agents'))).toEqual(['ada.json']);
  });

  it('is never written over', async () => {
    await agents.begin(ada);
    await agents.finish(ada);
    await expect(agents.begin({ ...ada, did: 'did:key:z6Mkother' })).rejects.toThrow('already created here');
    expect(await agents.find('ada')).toEqual(ada);
  });

  it('that others can read is not used', async () => {
    await agents.begin(ada);
    await agents.finish(ada);
    chmodSync(agents.file('ada'), 0o644);
    await expect(agents.find('ada')).rejects.toThrow('chmod 600');
  });

  it('that is damaged is not used either', async () => {
    await agents.begin(ada);
    await agents.finish(ada);
    for (const text of ['{', '{}', '[]', 'null']) {
      writeFileSync(agents.file('ada'), text);
      await expect(agents.find('ada')).rejects.toThrow('is damaged. Restore it');
    }
  });

  it('is never looked for outside of the folder', async () => {
    for (const name of ['../../admin', 'a/b', '.', '..', '', '-x', 'a'.repeat(65)]) {
      expect(await agents.find(name)).toBeUndefined();
      expect(() => agents.file(name)).toThrow('cannot name a key here');
    }
  });

  it('that is missing: the error says which there are and how to make one', async () => {
    await expect(agents.require('ben')).rejects.toThrow('There are none yet.');
    await agents.begin(ada);
    await agents.finish(ada);
    await expect(agents.require('ben')).rejects.toThrow(/Here are: ada\..*agent create ben/);
  });
});

it('the agent that is logged in is remembered', async () => {
  expect(await agents.current()).toBeUndefined();
  await agents.setCurrent('ada');
  expect(await agents.current()).toBe('ada');
  writeFileSync(join(folder, 'cli', 'current'), '\n');
  expect(await agents.current()).toBeUndefined();
});
