import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandLine } from './command-line.fixture';

const time = '2026-01-01T00:00:00.000Z';
const rule = { id: 'elsewhere', effect: 'deny', actions: ['agent.revoke'] };
const office = { id: 'office', description: 'Office only.', rules: [rule], tests: [] };
const inForce = { ...office, version: 3, updatedAt: time };

let line: CommandLine;
let file: string;
beforeEach(async () => {
  line = await CommandLine.open();
  file = join(line.folder, 'office.json');
  writeFileSync(file, JSON.stringify(office));
});
afterEach(() => line.close());

describe('policies', () => {
  it('are published and removed, only as the version that is meant', async () => {
    const { answers, seen } = line.gateway;
    answers['PUT /v1/policies/office'] = inForce;
    answers['DELETE /v1/policies/office'] = { id: 'office', version: 4, removedAt: time };
    expect(await line.run('policy', 'put', file, '--if-match', '2')).toBe(0);
    const { id: _, ...body } = office;
    expect(seen.at(-1)).toMatchObject({
      body,
      headers: { 'if-match': '2', authorization: 'ApiKey cck_admin' },
    });
    expect(line.printed).toBe('office is in force, as version 3.\n');
    expect(await line.json('policy', 'put', file)).toEqual(inForce);
    expect(seen.at(-1)!.headers).not.toHaveProperty('if-match');
    expect(await line.run('policy', 'remove', 'office', '--if-match', '3')).toBe(0);
    expect(seen.at(-1)!.headers).toMatchObject({ 'if-match': '3' });
    expect(line.printed).toContain('office is out of force.');
  });

  it('that are none are refused here, and those that fail their tests there', async () => {
    line.gateway.answers['PUT /v1/policies/office'] = 'POLICY_TESTS_FAILED';
    expect(await line.run('policy', 'put', file)).toBe(1);
    expect(line.said).toContain('(POLICY_TESTS_FAILED)');
    const { length } = line.gateway.seen;
    writeFileSync(file, JSON.stringify({ ...office, rules: [] }));
    for (const action of ['put', 'dry-run']) expect(await line.run('policy', action, file)).toBe(1);
    expect(line.said).toMatch(/office\.json is no policy:\n {2}\/rules /);
    expect(line.gateway.seen).toHaveLength(length);
  });

  it('are tried: what would change, and 1 when a test would fail', async () => {
    const result = {
      policy: 'office',
      name: 'x\u001b[2J',
      passed: true,
      rule: 'office/elsewhere',
      allow: false,
    };
    const change = { who: 'role admin', action: 'agent.revoke', before: 'yes', after: '–' };
    const idlePatterns = [
      { rule: 'office/elsewhere', pattern: 'agnet.*' },
      { rule: 'builtin-agent/read', pattern: 'memory.list' },
    ];
    const answer = { results: [result], changes: [change], idlePatterns };
    line.gateway.answers['POST /v1/policies/office/dry-run'] = answer;
    expect(await line.run('policy', 'dry-run', file)).toBe(0);
    expect(line.printed).toMatch(/^✓ +office +x\\u001b\[2J +deny by office\/elsewhere$/m);
    expect(line.printed).toMatch(/^role admin +agent\.revoke +yes +–$/m);
    expect(line.said).toContain('! office/elsewhere: agnet.* fits no operation\n');
    expect(line.said).not.toContain('builtin-agent');
    const failing = { results: [{ ...result, passed: false, rule: null }], changes: [], idlePatterns: [] };
    line.gateway.answers['POST /v1/policies/office/dry-run'] = failing;
    expect(await line.run('policy', 'dry-run', file)).toBe(1);
    expect(line.printed).toMatch(/✗ .* deny by no rule\n\nNo kind of caller would be let in otherwise/);
  });

  it('are listed and shown, and cannot steer the terminal', async () => {
    const { answers, seen } = line.gateway;
    const item = { ...inForce, description: 'x\u001b[2J', rules: 1, tests: 0 };
    answers['GET /v1/policies'] = {
      items: [{ ...item, id: 'builtin-user', updatedAt: null }, item],
      nextCursor: 'x',
    };
    answers['GET /v1/policies/office'] = { ...inForce, description: 'x\u001b[2J' };
    expect(await line.run('policy', 'list', '--limit', '2')).toBe(0);
    expect(seen.at(-1)!.query).toEqual({ limit: '2' });
    expect(line.printed).toMatch(/^builtin-user +3 +1 +0 +\(built in\) +x/m);
    expect(line.said).toContain('there are more');
    expect(await line.run('policy', 'show', 'office')).toBe(0);
    expect(line.printed).toContain('"agent.revoke"');
    expect(line.printed).not.toMatch(/[^\P{C}\n]/u);
    expect(await line.json('policy', 'show', 'office')).toMatchObject({ version: 3 });
  });

  it('are asked about anybody, with the key of an administrator', async () => {
    const why = {
      policy: 'office',
      rule: 'elsewhere',
      effect: 'deny',
      matched: true,
      why: 'all of it',
    };
    const { answers, seen } = line.gateway;
    answers['POST /v1/policies/check'] = { allow: false, rule: 'office/elsewhere', explain: [why] };
    const ada = ['--as', 'user:ada', '--role', 'admin', '--role', 'SRE', '--scope', 'read'];
    expect(
      await line.run('policy', 'check', 'agent.revoke', ...ada, '--resource', 'agent:did:key:z6Mk'),
    ).toBe(0);
    expect(seen.at(-1)).toMatchObject({
      headers: { authorization: 'ApiKey cck_admin' },
      body: {
        subject: { kind: 'user', id: 'ada', roles: ['admin', 'sre'], scopes: ['read'] },
        action: 'agent.revoke',
        resource: { type: 'agent', id: 'did:key:z6Mk' },
      },
    });
    expect(line.printed).toMatch(
      /^deny by office\/elsewhere\n\n.*\n✓ +office\/elsewhere +deny +all of it\n$/,
    );
    expect(await line.run('policy', 'check', 'agent.list', '--as', 'agent:did:key:z6Mk')).toBe(0);
    expect(seen.at(-1)!.body).toEqual({
      subject: { kind: 'agent', id: 'did:key:z6Mk' },
      action: 'agent.list',
    });
  });

  it.each([[[]], [['--as', 'ada']], [['--as', 'king:ada']], [['--as', 'user:']]])(
    'a question with %j is a wrong call',
    async (as) => {
      expect(await line.run('policy', 'check', 'agent.list', ...as)).toBe(2);
      expect(line.gateway.seen).toEqual([]);
    },
  );
});
