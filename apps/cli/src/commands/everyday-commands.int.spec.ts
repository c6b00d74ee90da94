import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateEd25519, toBase64url, toDidKey } from '@concordat/crypto';
import { AgentFiles, type LocalAgent } from '../client/agent-files';
import { type FakeGateway, startGateway } from '../client/gateway.fixture';
import { runCommandLine } from '../program';

let gateway: FakeGateway;
let folder: string;
let agents: AgentFiles;
let printed: string;
let said: string;
beforeEach(async () => {
  gateway = await startGateway();
  folder = mkdtempSync(join(tmpdir(), 'concordat commands '));
  agents = new AgentFiles(folder);
  writeFileSync(join(folder, 'admin.key'), 'cck_admin\n', { mode: 0o600 });
  printed = said = '';
  jest.spyOn(process.stdout, 'write').mockImplementation(((text: string, done?: () => void) => {
    printed += text;
    done?.();
    return true;
  }) as typeof process.stdout.write);
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((said += String(text)), true));
  process.exitCode = undefined;
});
afterEach(async () => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
  await gateway.close();
  rmSync(folder, { recursive: true });
});

const run = (...argv: string[]): Promise<number> =>
  runCommandLine([...argv, '--data', folder, '--url', gateway.url]);
const json = async (...argv: string[]): Promise<unknown> => {
  expect(await run(...argv, '-o', 'json')).toBe(0);
  return JSON.parse(printed);
};

async function localAgent(name: string): Promise<LocalAgent> {
  const { secretKey, publicKey } = generateEd25519();
  const agent = { name, did: toDidKey(publicKey), secretKey: toBase64url(secretKey), tenant: 'default' };
  await agents.begin(agent);
  await agents.finish(agent);
  return agent;
}

describe('calls', () => {
  it.each([
    [['agent', 'create', 'ada'], "required option '--type <type>'"],
    [['agent', 'create', 'ada', '--type', '2HUMAN'], 'It must be 2–32 letters'],
    [['agent', 'create', 'ada', '--type', 'CLAUDE', '--metadata', 'x'], 'key=value'],
    [['agent', 'list', '--limit', '501'], 'from 1 to 500'],
    [['send', 'ben', '{"a":1,}'], 'unexpected character'],
    [['send', 'ben', '{"pin":1234'], "the argument 'payload' is invalid"],
    [['vault', 'put', 'key', 'text'], 'JSON in double quotes'],
    [['vault', 'put', 'key', '@pin-1234'], "the argument 'content' is invalid"],
    [['inbox', '--count', '0'], 'from 1 to 100'],
    [['demo', '--messages', '199'], 'from 200'],
    [['audit', 'nosuch'], 'unknown command'],
  ])('that are wrong are not made: %j', async (argv, why) => {
    expect(await run(...argv)).toBe(2);
    expect(said).toContain(why);
    expect(said).not.toContain('1234');
    expect(gateway.seen).toEqual([]);
  });

  it('that cannot be served say what to do', async () => {
    expect(await run('agent', 'create', '../x', '--type', 'CLAUDE')).toBe(1);
    expect(await run('send', 'ben', 'hello')).toBe(1);
    expect(await run('agent', 'list', '--api-key-file', join(folder, 'none'))).toBe(1);
    expect(await runCommandLine(['agent', 'list', '--data', folder])).toBe(1);
    expect(await runCommandLine(['demo', '--data', folder])).toBe(1);
    expect(await run('audit', 'verify')).toBe(1);
    expect(await run('audit', 'search', '--agent', 'ada')).toBe(1);
    expect(said).toContain('cannot name a key here');
    expect(said).toContain('No agent is logged in. Run: ./concordat login <name>');
    expect(said).toContain('There is no API key in');
    expect(said).toContain('Concordat does not run here. Start it with: ./concordat up');
    expect(said).toContain('Concordat does not run. Start it with: ./concordat up --detach');
    expect(said).toContain('There is no verifier key in');
    expect(said).toContain('--agent means nothing for events; add --messages.');
  });
});

describe('an agent that is logged in', () => {
  let ada: LocalAgent;
  let ben: LocalAgent;
  beforeEach(async () => {
    ada = await localAgent('ada');
    ben = await localAgent('ben');
    gateway.answers['GET /v1/auth/whoami'] = {
      kind: 'agent',
      tenant: 'default',
      id: ada.did,
      scopes: ['read'],
    };
    expect(await run('login', 'ada')).toBe(0);
    expect(printed).toContain('further commands act as ada');
    printed = '';
    gateway.seen.length = 0;
  });

  it('sends', async () => {
    const id = 'msg-1-0-01890a5d-ac96-774b-bcce-b302099a8057';
    gateway.answers['POST /v1/messages'] = { id, status: 'PENDING', durability: 'appendfsync-always' };
    const sent = await json(
      'send',
      'ben',
      '{"n":1}',
      '--type',
      'query',
      '--correlation-id',
      'c',
      '--ttl-seconds',
      '60',
    );
    expect(sent).toEqual({ id, status: 'PENDING', durability: 'appendfsync-always', traceId: null });
    expect(gateway.seen[0]).toMatchObject({
      body: {
        to: ben.did,
        type: 'QUERY',
        payload: { n: 1 },
        priority: 'NORMAL',
        correlationId: 'c',
        ttlSeconds: 60,
      },
      headers: { authorization: 'Bearer token' },
    });
    gateway.answers['POST /v1/messages'] = 'RECIPIENT_UNKNOWN';
    expect(await run('send', 'ben', 'hello there')).toBe(1);
    expect(gateway.seen[1]!.body).toMatchObject({ payload: 'hello there', type: 'NOTIFICATION' });
    expect(said).toContain(
      'There is no active agent with the DID of the recipient. (RECIPIENT_UNKNOWN)\nFix: Check `to`',
    );
  });

  it('cannot be another one at the same time', async () => {
    expect(await run('login', 'ada', '--as', 'ben')).toBe(1);
    expect(said).toContain('Whom to log in, ada or ben? Leave out --as.');
    expect([gateway.seen, await agents.current()]).toEqual([[], 'ada']);
    expect(await run('login', 'ada', '--as', 'ada')).toBe(0);
  });

  it('is nobody when the file that names it is empty', async () => {
    writeFileSync(join(folder, 'cli', 'current'), '');
    expect(await run('inbox')).toBe(1);
    expect(said).toContain('No agent is logged in. Run: ./concordat login <name>');
  });

  it('remembers, and lets others read', async () => {
    const memory = `/v1/vault/${ada.did}/memories/mood`;
    const facts = { persona: ada.did, key: 'mood', version: 2, author: ada.did };
    const times = { createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' };
    gateway.answers[`PUT ${memory}`] = { ...facts, ...times };
    gateway.answers[`GET ${memory}`] = { ...facts, ...times, content: { is: 'fine' } };
    expect(await run('vault', 'put', 'mood', '{"is":"fine"}', '--if-match', '1')).toBe(0);
    expect(gateway.seen[0]).toMatchObject({
      body: { content: { is: 'fine' } },
      headers: { 'if-match': '1' },
    });
    printed = '';
    expect(await run('vault', 'get', 'mood', '--persona', 'ada')).toBe(0);
    expect(JSON.parse(printed)).toEqual({ is: 'fine' });

    const consent = `/v1/vault/${ada.did}/consents/${ben.did}`;
    const granted = {
      persona: ada.did,
      grantee: ben.did,
      scopes: ['read', 'write'],
      grantedAt: times.createdAt,
      expiresAt: null,
    };
    gateway.answers[`PUT ${consent}`] = granted;
    gateway.answers[`DELETE ${consent}`] = {
      persona: ada.did,
      grantee: ben.did,
      withdrawnAt: times.createdAt,
    };
    expect(await run('vault', 'grant', 'ben', '--scope', 'write', '--expires-in-seconds', '60')).toBe(0);
    expect(gateway.seen.at(-1)!.body).toEqual({ scopes: ['read', 'write'], expiresInSeconds: 60 });
    expect(await run('vault', 'withdraw', 'ben')).toBe(0);
    gateway.answers['GET /v1/vault/communal/memories/mood'] = 'CONSENT_REQUIRED';
    expect(await run('vault', 'get', 'mood', '--persona', 'communal')).toBe(1);
    expect(said).toContain('(CONSENT_REQUIRED)');
  });

  it('asks an administrator for nothing but what it may see itself', async () => {
    gateway.answers['GET /v1/audit/events'] = { items: [], nextCursor: null };
    expect(await run('audit', 'search', '--as', 'ada', '--type', 't')).toBe(0);
    expect(gateway.seen[0]).toMatchObject({
      query: { type: 't', limit: '50' },
      headers: { authorization: 'Bearer token' },
    });
    expect(printed).toContain('Nothing was found.');
  });
});
