import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
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
  it('is there once the agent is registered, for its owner only', async () => {
    await agents.begin(ada);
    expect([await agents.find('ada'), await agents.names()]).toEqual([undefined, []]);
    await agents.finish('ada');
    expect([await agents.find('ada'), await agents.names()]).toEqual([ada, ['ada']]);
    expect([agents.file('ada'), join(folder, 'cli'), join(folder, 'cli', 'agents')].map(mode)).toEqual([
      0o600, 0o700, 0o700,
    ]);
  });

  it('is taken up again when a registration was cut off, and gone when it was refused', async () => {
    await agents.begin(ada);
    expect(await agents.begin({ ...ada, did: 'did:key:z6Mkother' })).toEqual(ada);
    await agents.abandon('ada');
    expect(await agents.begin({ ...ada, did: 'did:key:z6Mkother' })).toMatchObject({
      did: 'did:key:z6Mkother',
    });
  });

  it('that others can read is not used', async () => {
    await agents.begin(ada);
    await agents.finish('ada');
    chmodSync(agents.file('ada'), 0o644);
    await expect(agents.find('ada')).rejects.toThrow('chmod 600');
  });

  it('that is damaged is not used either', async () => {
    await agents.begin(ada);
    await agents.finish('ada');
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
    await agents.finish('ada');
    await expect(agents.require('ben')).rejects.toThrow(/Here are: ada\..*agent create ben/);
  });
});

it('the agent that is logged in is remembered', async () => {
  expect(await agents.current()).toBeUndefined();
  await agents.setCurrent('ada');
  expect(await agents.current()).toBe('ada');
});
