import { readFileSync } from 'node:fs';
import { type LocalAgent } from '../client/agent-files';
import { CommandLine, identity } from './command-line.fixture';

let line: CommandLine;
beforeEach(async () => {
  line = await CommandLine.open();
  const key = { kind: 'apiKey', tenant: 'acme', id: '0'.repeat(16), scopes: ['admin'] };
  line.gateway.answers['GET /v1/auth/whoami'] = key;
});
afterEach(() => line.close());

const create = (...more: string[]): Promise<number> =>
  line.run('agent', 'create', 'ada', '--type', 'CLAUDE', ...more);
const stored = (): LocalAgent & { registered?: boolean } =>
  JSON.parse(readFileSync(line.agents.file('ada'), 'utf8')) as LocalAgent;
const didOf = ({ body }: { body: unknown }): string => `did:key:${(body as { publicKey: string }).publicKey}`;
const registrations = (): string[] =>
  line.gateway.seen.filter(({ route }) => route === 'POST /v1/agents').map(didOf);

describe('agent create', () => {
  it('registers a new key with the admin key and keeps it', async () => {
    line.gateway.answers['POST /v1/agents'] = (call: { body: unknown }) => identity(didOf(call));
    const facts = ['--metadata', 'team=red', '--metadata', 'level=3'];
    const created = await line.json('agent', 'create', 'ada', '--type', 'claude', ...facts);
    const ada = await line.agents.require('ada');
    expect(created).toMatchObject({ did: ada.did, keyFile: line.agents.file('ada') });
    expect(ada.tenant).toBe('acme');
    expect(line.gateway.seen[1]).toMatchObject({
      body: { name: 'ada', type: 'CLAUDE', metadata: { team: 'red', level: 3 }, publicKey: ada.did.slice(8) },
      headers: { authorization: 'ApiKey cck_admin' },
    });
    expect(line.printed).not.toContain(ada.secretKey);
    expect(await create()).toBe(1);
    expect(line.said).toContain('was already created here');
  });

  it('has written the key before it registers the agent', async () => {
    let before: unknown;
    line.gateway.answers['POST /v1/agents'] = (call: { body: unknown }) => {
      before = stored();
      return identity(didOf(call));
    };
    expect(await create()).toBe(0);
    expect(before).toEqual({ ...stored(), registered: false });
  });

  it('twice at the same time registers one agent, whose key is here', async () => {
    const known = new Set<string>();
    line.gateway.answers['POST /v1/agents'] = (call: { body: unknown }) => {
      const did = didOf(call);
      if (known.has(did)) return 'AGENT_ALREADY_REGISTERED';
      known.add(did);
      line.gateway.answers[`GET /v1/agents/${did}`] = identity(did);
      return identity(did);
    };
    await Promise.all([create(), create(), create()]);
    expect([...known]).toEqual([(await line.agents.require('ada')).did]);
  });

  it('that is refused keeps the key, for the same command with what was missing', async () => {
    line.gateway.answers['POST /v1/agents'] = 'SCOPE_MISSING';
    expect(await create()).toBe(1);
    expect(line.said).toMatch(/\(SCOPE_MISSING\)\nFix: Use a credential.*\nTrace: f{32}\n$/);
    expect(await line.run('login', 'ada')).toBe(1);
    expect(line.said).toContain('was not finished. Run this again: ./concordat agent create ada');
    line.gateway.answers['POST /v1/agents'] = (call: { body: unknown }) => identity(didOf(call));
    expect(await create()).toBe(0);
    const { did } = await line.agents.require('ada');
    expect(registrations()).toEqual([did, did]);
  });

  it('whose answer was lost is finished by the same command', async () => {
    line.gateway.answers['POST /v1/agents'] = 'INTERNAL';
    expect(await create()).toBe(1);
    const { registered, ...key } = stored();
    expect(registered).toBe(false);
    line.gateway.answers['POST /v1/agents'] = 'AGENT_ALREADY_REGISTERED';
    line.gateway.answers[`GET /v1/agents/${key.did}`] = identity(key.did);
    expect(await create()).toBe(0);
    expect(await line.agents.require('ada')).toEqual(key);
  });

  it('is not finished in another tenant', async () => {
    line.gateway.answers['POST /v1/agents'] = 'INTERNAL';
    expect(await create()).toBe(1);
    const key = { kind: 'apiKey', tenant: 'other', id: '0'.repeat(16), scopes: ['admin'] };
    line.gateway.answers['GET /v1/auth/whoami'] = key;
    expect(await create()).toBe(1);
    expect(line.said).toContain('was begun in the tenant acme, not in other');
    expect(registrations()).toHaveLength(1);
  });
});

describe('agents', () => {
  it('are listed, shown and revoked, by name or DID', async () => {
    const { did } = await line.localAgent('ada');
    const { answers, seen } = line.gateway;
    answers['GET /v1/agents'] = { items: [identity(did, { name: 'ben' })], nextCursor: 'more' };
    expect(await line.run('agent', 'list', '--status', 'ACTIVE', '--limit', '1')).toBe(0);
    expect(line.printed).toMatch(
      /^name +type +status +DID +last seen\nben +CLAUDE +active +did:key:z6Mk\w+ +never\n$/,
    );
    expect(seen[0]!.query).toEqual({ status: 'active', limit: '1' });
    expect(line.said).toContain('there are more');

    answers[`GET /v1/agents/${did}`] = identity(did);
    answers[`POST /v1/agents/${did}/revoke`] = identity(did, { status: 'revoked' });
    for (const who of ['ada', did, 'ben']) expect(await line.run('agent', 'show', who)).toBe(0);
    expect(await line.run('agent', 'revoke', 'ada', '--reason', 'left')).toBe(0);
    expect(seen.at(-1)!.body).toEqual({ reason: 'left' });
    expect(await line.run('agent', 'show', 'carl')).toBe(1);
    expect(line.said).toContain('No active agent is called "carl"');
    const twice = [identity(did, { name: 'x' }), identity(did, { name: 'x' })];
    answers['GET /v1/agents'] = { items: twice, nextCursor: null };
    expect(await line.run('agent', 'show', 'x')).toBe(1);
    expect(line.said).toContain('2 agents are called "x". Give the DID');
  });

  it('cannot steer the terminal by their names, nor by what is said of them', async () => {
    const { did } = await line.localAgent('ada');
    const name = 'x\u001b[2J\nAda\u009b\u202e';
    const { answers } = line.gateway;
    answers['GET /v1/agents'] = { items: [identity(did, { name })], nextCursor: null };
    answers[`GET /v1/agents/${did}`] = identity(did, { name });
    answers[`POST /v1/agents/${did}/revoke`] = identity(did, { name });
    for (const argv of [['list'], ['list', '-o', 'json'], ['show', did], ['revoke', did]])
      expect(await line.run('agent', ...argv)).toBe(0);
    expect(line.printed).not.toMatch(/[^\P{C}\n]/u);
    expect(line.printed).toContain('x\\u001b[2J\\nAda\\u009b\\u202e is revoked');
  });
});
