import { CommandLine, withStdin } from './command-line.fixture';

let line: CommandLine;
beforeEach(async () => void (line = await CommandLine.open()));
afterEach(() => line.close());

const id = '0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5a';
const time = '2026-01-01T00:00:00.000Z';
const user = (over: object = {}) => ({
  ...{ id, tenant: 'default', email: 'ada@example.org', name: 'Ada', roles: ['admin'], status: 'active' },
  ...{ hasPassword: true, lockedUntil: null, createdAt: time, changedAt: time },
  ...over,
});
const apiKey = (over: object = {}) => ({
  ...{
    id: '0'.repeat(16),
    name: 'ci',
    tenant: 'default',
    scopes: ['read'],
    status: 'active',
    createdAt: time,
  },
  ...{ expiresAt: null, lastUsedAt: null, rotatedFrom: null, rotatedTo: null },
  ...over,
});

describe('users', () => {
  it('are created with a password from stdin, which is neither printed nor an argument', async () => {
    const { answers, seen } = line.gateway;
    answers['POST /v1/users'] = user();
    const argv = [
      'user',
      'create',
      '--email',
      'ada@example.org',
      '--role',
      'admin',
      '--role',
      'SRE',
      '--password-stdin',
    ];
    const made = await withStdin('a heron over the lake\n', () => line.json(...argv));
    expect(made).toEqual(user());
    expect(seen.at(-1)!.body).toEqual({
      ...{ email: 'ada@example.org', name: 'ada@example.org', roles: ['admin', 'sre'] },
      password: 'a heron over the lake',
    });
    expect(line.printed + line.said).not.toContain('heron');
    expect(
      await line.run('user', 'create', '--email', 'x@y.z', '--role', 'king', '--password-stdin'),
    ).not.toBe(0);
    expect(line.said).toContain('Allowed: user, admin');
  });

  it('are created without a password when that is said, and not when nobody can be asked', async () => {
    const { answers, seen } = line.gateway;
    answers['POST /v1/users'] = user({ hasPassword: false });
    expect(await line.run('user', 'create', '--email', 'a@b.c', '--role', 'user', '--no-password')).toBe(0);
    expect(seen.at(-1)!.body).not.toHaveProperty('password');
    const before = seen.length;
    expect(await withStdin('', () => line.run('user', 'create', '--email', 'a@b.c', '--role', 'user'))).toBe(
      1,
    );
    expect(line.said).toContain('--password-stdin');
    expect(seen).toHaveLength(before);
  });

  it('are found by address or id, shown, changed, disabled, enabled and erased', async () => {
    const { answers, seen } = line.gateway;
    answers['GET /v1/users'] = { items: [user()], nextCursor: null };
    answers[`GET /v1/users/${id}`] = user();
    answers[`PATCH /v1/users/${id}`] = user({ name: 'x' });
    answers[`PUT /v1/users/${id}/password`] = user();
    answers[`DELETE /v1/users/${id}`] = { id, erasedAt: time };
    expect(await line.json('user', 'show', 'ada@example.org')).toEqual(user());
    expect(await line.json('user', 'show', id)).toEqual(user());
    expect(await line.run('user', 'list', '--role', 'ADMIN', '--status', 'active')).toBe(0);
    expect(seen.at(-1)!.query).toEqual({ role: 'admin', status: 'active', limit: '50' });
    expect(await line.run('user', 'update', id, '--name', 'x', '--role', 'sre')).toBe(0);
    expect(seen.at(-1)!.body).toEqual({ name: 'x', roles: ['sre'] });
    expect(await line.run('user', 'update', id)).toBe(1);
    expect(await line.run('user', 'disable', id)).toBe(0);
    expect(seen.at(-1)!.body).toEqual({ status: 'disabled' });
    expect(await line.run('user', 'enable', id)).toBe(0);
    expect(seen.at(-1)!.body).toEqual({ status: 'active' });
    expect(
      await withStdin('two herons over the lake', () => line.run('user', 'password', id, '--password-stdin')),
    ).toBe(0);
    expect(seen.at(-1)!.body).toEqual({ password: 'two herons over the lake' });
    expect(await line.run('user', 'erase', id)).not.toBe(0);
    expect(await line.json('user', 'erase', id, '--yes')).toEqual({ id, erasedAt: time });
    answers['GET /v1/users'] = { items: [], nextCursor: null };
    expect(await line.run('user', 'show', 'nobody@example.org')).toBe(1);
    expect(line.said).toContain('Nobody has the address nobody@example.org');
  });

  it('cannot steer the terminal by what they are called', async () => {
    const { answers } = line.gateway;
    const steering = user({ name: 'x\u001b[2J\n', email: 'a\u009b@b.c' });
    answers['GET /v1/users'] = { items: [steering], nextCursor: null };
    answers[`PATCH /v1/users/${id}`] = steering;
    answers[`GET /v1/users/${id}`] = steering;
    for (const argv of [['list'], ['show', id], ['disable', id], ['update', id, '--name', 'y']])
      expect(await line.run('user', ...argv)).toBe(0);
    expect(line.printed).not.toMatch(/[^\P{C}\n]/u);
  });
});

describe('API keys', () => {
  it('are created, listed, rotated and revoked', async () => {
    const { answers, seen } = line.gateway;
    const old = '0'.repeat(16);
    answers['POST /v1/api-keys'] = apiKey({ key: 'cck_new' });
    answers['GET /v1/api-keys'] = { items: [apiKey()], nextCursor: 'more' };
    answers[`GET /v1/api-keys/${old}`] = apiKey({ expiresAt: time });
    answers[`POST /v1/api-keys/${old}/rotate`] = apiKey({
      id: '1'.repeat(16),
      key: 'cck_next',
      rotatedFrom: old,
    });
    answers[`DELETE /v1/api-keys/${old}`] = apiKey({ status: 'revoked' });
    expect(
      await line.run('key', 'create', 'ci', '--scope', 'read', '--scope', 'WRITE', '--expires-in', '30d'),
    ).toBe(0);
    expect(seen.at(-1)!.body).toEqual({ name: 'ci', scopes: ['read', 'write'], expiresInSeconds: 2_592_000 });
    expect(line.printed).toContain('  cck_new\n');
    expect(await line.run('key', 'list', '--status', 'active')).toBe(0);
    expect(line.said).toContain('there are more');
    expect(await line.json('key', 'rotate', old, '--overlap', '12h')).toMatchObject({ key: 'cck_next' });
    expect(seen.at(-2)!.body).toEqual({ overlapSeconds: 43_200 });
    expect(await line.json('key', 'revoke', old)).toMatchObject({ status: 'revoked' });
    for (const wrong of ['12y', '', '-1', '1e3'])
      expect(await line.run('key', 'rotate', old, '--overlap', wrong)).not.toBe(0);
  });
});
