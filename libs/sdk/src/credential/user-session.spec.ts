import { Concordat } from '../concordat';
import { type FakeGateway, ok, refusal, startGateway } from '../gateway.fixture';

describe('a user', () => {
  let gateway: FakeGateway;
  beforeEach(async () => void (gateway = await startGateway()));
  afterEach(() => gateway.close());

  const tokens = (count: number) => ({
    ...{
      accessToken: `access-${count}`,
      tokenType: 'Bearer',
      expiresIn: 900,
      refreshToken: `refresh-${count}`,
    },
    ...{ refreshExpiresIn: 604_800, sessionId: '0198f3d2-8b21-7d4f-8c6b-4a3f2e1d5c6b' },
  });
  const who = {
    kind: 'user',
    tenant: 'default',
    id: '0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5a',
    scopes: ['read'],
  };
  const client = () => new Concordat({ url: gateway.url, credential: { email: 'a@b.c', password: 'heron' } });
  const seen = () => gateway.seen.map(({ target, headers, body }) => [target, headers.authorization, body]);

  it('logs in when a token is first needed, and goes on by refresh tokens', async () => {
    gateway.respond(ok(tokens(1)), ok(who), ok(tokens(2)), ok(who));
    const ada = client();
    await ada.whoami();
    await ada.login();
    await ada.whoami();
    expect(seen()).toEqual([
      ['/v1/auth/login', undefined, { email: 'a@b.c', password: 'heron' }],
      ['/v1/auth/whoami', 'Bearer access-1', undefined],
      ['/v1/auth/refresh', undefined, { refreshToken: 'refresh-1' }],
      ['/v1/auth/whoami', 'Bearer access-2', undefined],
    ]);
  });

  it('whose session is over opens another one', async () => {
    gateway.respond(ok(tokens(1)), refusal('REFRESH_REFUSED'), ok(tokens(2)));
    const ada = client();
    await ada.login();
    await ada.login();
    expect(seen().map(([target]) => target)).toEqual([
      '/v1/auth/login',
      '/v1/auth/refresh',
      '/v1/auth/login',
    ]);
  });

  it('that is refused is told so, without the password', async () => {
    gateway.respond(refusal('LOGIN_REFUSED'));
    const error: unknown = await client()
      .login()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'LOGIN_REFUSED' });
    expect(JSON.stringify(error) + String(error)).not.toContain('heron');
  });
});
