import { existsSync, readFileSync } from 'node:fs';
import { type DidSubject, ed25519PublicKey, fromBase64url, keyId } from '@concordat/crypto';
import { type LocalAgent } from '../client/agent-files';
import { type SeenCall } from '../client/gateway.fixture';
import { CommandLine, identity } from '../commands/command-line.fixture';

const web = 'did:web:localhost%3A7400:agents:acme:6f9619ff-8b86-8011-b42d-00cf4fc964ff';
const key = { kind: 'apiKey', tenant: 'acme', id: '0'.repeat(16), scopes: ['admin'] };

let line: CommandLine;
beforeEach(async () => {
  line = await CommandLine.open();
  line.gateway.answers['GET /v1/auth/whoami'] = key;
});
afterEach(() => line.close());

const stored = (): LocalAgent => JSON.parse(readFileSync(line.agents.file('ada'), 'utf8')) as LocalAgent;
const nextKeyFile = (): string => line.agents.file('ada').replace(/\.json$/, '.next-key');
const kidOf = (secretKey: string): string => keyId(ed25519PublicKey(fromBase64url(secretKey)!));
const managed = async (): Promise<LocalAgent> => {
  const agent = { ...(await line.localAgent('ada')), did: web, tenant: 'acme' };
  await line.agents.finish(agent);
  return agent;
};

describe('a managed agent', () => {
  it('is created under one name of the request, and keeps the DID that it got', async () => {
    line.gateway.answers['POST /v1/agents'] = 'INTERNAL';
    const create = ['agent', 'create', 'ada', '--type', 'my_bot', '--managed'];
    expect(await line.run(...create)).toBe(1);
    line.gateway.answers['POST /v1/agents'] = identity(web);
    expect(await line.json(...create)).toMatchObject({ did: web });
    const asked = line.gateway.seen.filter(({ route }) => route === 'POST /v1/agents');
    expect(new Set(asked.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(asked[0]!.body).toMatchObject({ type: 'MY_BOT', didMethod: 'web' });
    expect((await line.agents.require('ada')).did).toBe(web);
  });

  it('gets another key, which proves itself', async () => {
    const { secretKey } = await managed();
    line.gateway.answers[`GET /v1/agents/${web}`] = identity(web, { authKeyId: kidOf(secretKey) });
    line.gateway.answers[`POST /v1/agents/${web}/rotate-key`] = identity(web);
    const answer = await line.json('agent', 'rotate-key', 'ada');
    const next = stored().secretKey;
    expect(next).not.toBe(secretKey);
    expect(answer).toMatchObject({ did: web, authKeyId: kidOf(next) });
    expect(line.gateway.seen.at(-1)!.body).toMatchObject({ proof: { oldKeyId: kidOf(secretKey) } });
    expect(existsSync(nextKeyFile())).toBe(false);
    expect(line.printed).not.toContain(next);
  });

  it('loses neither key when the answer is lost, and goes on with the same new one', async () => {
    const { secretKey } = await managed();
    const answers = line.gateway.answers;
    answers[`GET /v1/agents/${web}`] = identity(web, { authKeyId: kidOf(secretKey) });
    answers[`POST /v1/agents/${web}/rotate-key`] = 'INTERNAL';
    expect(await line.run('agent', 'rotate-key', 'ada')).toBe(1);
    expect(stored().secretKey).toBe(secretKey);
    const next = readFileSync(nextKeyFile(), 'utf8').trim();
    // It had gone through after all.
    answers[`GET /v1/agents/${web}`] = identity(web, { authKeyId: kidOf(next) });
    const calls = line.gateway.seen.length;
    expect(await line.run('agent', 'rotate-key', 'ada')).toBe(0);
    const since = line.gateway.seen.slice(calls).map(({ route }) => route);
    expect(since).not.toContain(`POST /v1/agents/${web}/rotate-key`);
    expect([stored().secretKey, existsSync(nextKeyFile())]).toEqual([next, false]);
  });

  it('is another thing than one whose key is its identity', async () => {
    await line.localAgent('ada');
    expect(await line.run('agent', 'rotate-key', 'ada')).toBe(1);
    expect(line.said).toContain('is its identity (did:key) and cannot be replaced');
    expect(existsSync(nextKeyFile())).toBe(false);
    expect(await line.run('agent', 'rotate-key', 'ben')).toBe(1);
    expect(line.said).toContain('No key of an agent "ben" is here');
  });
});

describe('an agent', () => {
  const bodyOf = (call: SeenCall | undefined): unknown => call?.body;

  it('is changed as the options say', async () => {
    const { did } = await line.localAgent('ada');
    const boss = await line.localAgent('boss');
    line.gateway.answers[`PATCH /v1/agents/${did}`] = identity(did);
    const update = async (...options: string[]): Promise<unknown> => {
      expect(await line.run('agent', 'update', 'ada', ...options)).toBe(0);
      return bodyOf(line.gateway.seen.at(-1));
    };
    expect(await update('--name', 'Bea', '--type', 'bot')).toEqual({ name: 'Bea', type: 'BOT' });
    expect(await update('--controller', 'boss', '--relationship', 'guardian')).toEqual({
      ...{ controllerDid: boss.did, relationshipType: 'guardian' },
    });
    expect(await update('--no-controller')).toEqual({ controllerDid: null });
    expect(await line.run('agent', 'update', 'ada')).toBe(1);
    expect(line.said).toContain('Nothing is to be changed');
  });

  it('is suspended, resumed, verified and erased, by name or DID', async () => {
    const { did } = await line.localAgent('ada');
    const { answers, seen } = line.gateway;
    const status = (text: DidSubject['status']) => identity(did, { status: text });
    answers[`POST /v1/agents/${did}/suspend`] = status('suspended');
    answers[`POST /v1/agents/${did}/resume`] = status('active');
    answers[`POST /v1/agents/${did}/verify`] = identity(did, { verified: true });
    const receipt = 'e30.e30.AA';
    answers[`DELETE /v1/agents/${did}`] = { did, erasedAt: '2026-01-01T00:00:00.000Z', receipt };
    expect(await line.json('agent', 'suspend', 'ada', '--reason', 'odd')).toMatchObject({
      status: 'suspended',
    });
    expect(bodyOf(seen.at(-1))).toEqual({ reason: 'odd' });
    expect(await line.json('agent', 'resume', did)).toMatchObject({ status: 'active' });
    await line.json('agent', 'verify', 'ada', '--statement', 'met', '--withdraw');
    expect(bodyOf(seen.at(-1))).toEqual({ statement: 'met', withdraw: true });
    expect(await line.json('agent', 'erase', 'ada')).toMatchObject({ receipt });
  });

  it('is of a type that is listed, defined and removed', async () => {
    const { answers, seen } = line.gateway;
    const type = { name: 'BOT', description: 'x\u001b[2J', isBuiltIn: false, definedAt: null };
    answers['GET /v1/agent-types'] = { items: [type] };
    answers['PUT /v1/agent-types/BOT'] = type;
    answers['DELETE /v1/agent-types/BOT'] = { name: 'BOT', removedAt: '2026-01-01T00:00:00.000Z' };
    expect(await line.run('agent', 'types', 'list')).toBe(0);
    expect(line.printed).toContain('x\\u001b[2J');
    await line.json('agent', 'types', 'define', 'bot', '--description', 'Moves');
    expect(bodyOf(seen.at(-1))).toEqual({ description: 'Moves' });
    expect(await line.json('agent', 'types', 'remove', 'bot')).toMatchObject({ name: 'BOT' });
    expect(await line.run('agent', 'types', 'define', '2x')).not.toBe(0);
  });
});
