import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandLine, withStdin } from './command-line.fixture';

let line: CommandLine;
beforeEach(async () => void (line = await CommandLine.open()));
afterEach(() => line.close());

const [email, password] = ['ada@example.org', 'a heron over the lake'] as const;
const sessionId = '0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5a';
const who = { kind: 'user', id: sessionId, tenant: 'acme', scopes: ['read', 'admin'], roles: ['admin'] };
const tokens = (over: object = {}) => ({
  ...{ accessToken: 'the.access.token', tokenType: 'Bearer', expiresIn: 900, sessionId },
  ...{ refreshToken: 'ccr_kept-nowhere', refreshExpiresIn: 3_600, ...over },
});
const file = (): string => join(line.folder, 'cli', 'user.json');
const welcome = (over: object = {}): void => {
  const { answers } = line.gateway;
  answers['POST /v1/auth/login'] = tokens(over);
  answers['GET /v1/auth/whoami'] = who;
  answers['GET /v1/users'] = { items: [], nextCursor: null };
  answers[`DELETE /v1/sessions/${sessionId}`] = {
    ...{ id: sessionId, userId: sessionId, status: 'ended' },
    ...{ createdAt: '2026-01-01T00:00:00.000Z', refreshedAt: '2026-01-01T00:00:00.000Z' },
    expiresAt: '2026-01-01T00:00:00.000Z',
  };
};
const logIn = (...more: string[]): Promise<number> =>
  withStdin(`${password}\n`, () => line.run('login', '--email', email, '--password-stdin', ...more));
const authorization = async (...argv: string[]): Promise<unknown> => {
  expect(await line.run(...argv)).toBe(0);
  return line.gateway.seen.at(-1)!.headers.authorization;
};

describe('a user', () => {
  it('logs in with a password from stdin; commands act for this user then, until the logout', async () => {
    welcome();
    const printed = await withStdin(`${password}\n`, () =>
      line.json('login', '--email', email, '--tenant', 'acme', '--password-stdin'),
    );
    expect(line.gateway.seen[0]).toMatchObject({ body: { tenant: 'acme', email, password } });
    expect(printed).toMatchObject({ email, ...who, sessionId, expiresInSeconds: 900 });
    expect(await authorization('user', 'list')).toBe('Bearer the.access.token');
    const key = ['--api-key-file', join(line.folder, 'admin.key')];
    expect(await authorization('user', 'list', ...key)).toBe('ApiKey cck_admin');
    expect(await line.json('logout')).toEqual({ email, sessionEnded: true });
    expect(line.gateway.seen.at(-1)).toMatchObject({ route: `DELETE /v1/sessions/${sessionId}` });
    expect(await authorization('user', 'list')).toBe('ApiKey cck_admin');
    expect(await line.json('logout')).toEqual({ email: null, sessionEnded: false });
  });

  it('leaves nothing behind but a token that ends by itself, for its owner only', async () => {
    welcome();
    expect(await logIn()).toBe(0);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    const kept = readdirSync(join(line.folder, 'cli')).map((name) =>
      readFileSync(join(line.folder, 'cli', name), 'utf8'),
    );
    expect(kept.join()).toContain('the.access.token');
    for (const secret of [password, 'ccr_'])
      expect(kept.join() + line.printed + line.said).not.toContain(secret);
    expect(line.printed + line.said).not.toContain('the.access.token');
  });

  it('whose login has ended is told so, and commands do not turn to another credential', async () => {
    welcome({ expiresIn: 0 });
    expect(await logIn()).toBe(0);
    const before = line.gateway.seen.length;
    expect(await line.run('user', 'list')).toBe(1);
    expect(line.said).toContain(`Log in again: ./concordat login --email ${email}`);
    expect(line.gateway.seen).toHaveLength(before);
    expect(await line.json('logout')).toEqual({ email, sessionEnded: false });
    expect(await authorization('user', 'list')).toBe('ApiKey cck_admin');
  });

  it('who is refused stays who he was, and reads what to do', async () => {
    welcome();
    line.gateway.answers['POST /v1/auth/login'] = 'LOGIN_REFUSED';
    expect(await logIn()).toBe(1);
    expect(line.said).toContain('LOGIN_REFUSED');
    expect(line.said).toContain('Fix: Check tenant, email address and password.');
    expect(await authorization('user', 'list')).toBe('ApiKey cck_admin');
  });

  it('whose session was ended from elsewhere is logged out all the same', async () => {
    welcome();
    expect(await logIn()).toBe(0);
    line.gateway.answers[`DELETE /v1/sessions/${sessionId}`] = 'CREDENTIAL_INVALID';
    expect(await line.json('logout')).toEqual({ email, sessionEnded: false });
  });

  it('whose file is damaged is told so, and can log out', async () => {
    welcome();
    expect(await logIn()).toBe(0);
    writeFileSync(file(), '{"email":"x"}');
    expect(await line.run('user', 'list')).toBe(1);
    expect(line.said).toContain('is damaged. Log in again');
    expect(await line.run('logout')).toBe(0);
    expect(await line.run('user', 'list')).toBe(0);
  });
});

describe('a login', () => {
  it('takes no secret as an argument', async () => {
    for (const secret of ['--password', '--token'])
      expect(await line.run('login', '--email', email, secret, 'x')).toBe(2);
    expect(line.gateway.seen).toEqual([]);
  });

  it('is of one: an agent or a user', async () => {
    for (const argv of [
      [],
      ['ada', '--email', email],
      ['ada', '--tenant', 'acme'],
      ['--email', email, '--as', 'ada'],
    ])
      expect(await line.run('login', ...argv)).toBe(1);
    expect(line.said).toContain('./concordat login <name>, or ./concordat login --email <address>');
    expect(line.gateway.seen).toEqual([]);
  });

  it('asks nobody for a password where there is no terminal', async () => {
    expect(await withStdin('', () => line.run('login', '--email', email))).toBe(1);
    expect(line.said).toContain('--password-stdin');
  });
});
