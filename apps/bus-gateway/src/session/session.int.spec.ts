import { ConcordatError, type OperationInput } from '@concordat/contracts';
import { type BothDoors, startBothDoors } from '../door.fixture';
import { type RunningGateway, startGateway } from '../gateway.fixture';
import { type GrpcCaller, openGrpc } from '../grpc.fixture';

const tokens = {
  ...{ accessToken: 'a', tokenType: 'Bearer', expiresIn: 900, refreshToken: 'ccr_x', refreshExpiresIn: 1 },
  sessionId: '0198f3d2-8b21-7d4f-8c6b-4a3f2e1d5c6b',
};

describe('a login at a door', () => {
  let doors: BothDoors;
  beforeAll(async () => (doors = await startBothDoors()));
  beforeEach(() => {
    doors.iam.asked.splice(0);
    doors.iam.answers['session.open'] = () => tokens;
    doors.iam.answers['session.refresh'] = () => tokens;
  });
  afterAll(() => doors.stop());

  const post = (path: string, body: object, headers: object = {}): Promise<Response> =>
    fetch(doors.gateway.url + path, {
      ...{ method: 'POST', body: JSON.stringify(body) },
      headers: { 'content-type': 'application/json', ...headers },
    });
  const asked = () =>
    doors.iam.asked.map(({ principal, commandId, input }) => ({
      ...{ tenant: principal.tenant, kind: principal.kind, commandId },
      ...(input as OperationInput<'session.open'>),
    }));

  it('is handed on with where it comes from, which nobody can say for himself', async () => {
    const body = { tenant: 'acme', email: ' Ada@Example.org', password: 'p' };
    const answer = await post('/v1/auth/login', body, { 'x-forwarded-for': '192.0.2.1' });
    expect([answer.status, await answer.json()]).toEqual([200, tokens]);
    expect(asked()).toMatchObject([
      { kind: 'anonymous', tenant: 'acme', email: 'ada@example.org', password: 'p', source: '127.0.0.1' },
    ]);
    const claimed = await post('/v1/auth/login', { ...body, source: '192.0.2.1' });
    expect(claimed.status).toBe(400);
  });

  it('comes in over gRPC just so', async () => {
    await doors.grpc.ask('IdentityService/Login', { email: 'ada@example.org', password: 'p' });
    expect(asked()).toMatchObject([{ tenant: 'default', email: 'ada@example.org', source: '127.0.0.1' }]);
  });

  describe('behind proxies that are trusted', () => {
    let proxied: RunningGateway;
    let grpcProxied: GrpcCaller;
    beforeAll(async () => {
      proxied = await startGateway(doors.bench, 'bus-2', { trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'] });
      await proxied.whenFresh();
      grpcProxied = openGrpc(proxied.grpcAddress);
    });
    afterAll(async () => {
      grpcProxied.close();
      await proxied.stop();
    });
    const login = (forwarded: string): Promise<Response> =>
      fetch(`${proxied.url}/v1/auth/login`, {
        ...{ method: 'POST', body: JSON.stringify({ email: 'ada@example.org', password: 'p' }) },
        headers: {
          'content-type': 'application/json',
          'x-forwarded-for': forwarded,
          forwarded: 'for=6.6.6.6',
        },
      });

    it('comes from whoever asked the outermost of them, over both doors', async () => {
      expect((await login('6.6.6.6, 192.0.2.1, 10.0.0.2')).status).toBe(200);
      const headers = { 'x-forwarded-for': '6.6.6.6, 2001:db8::7' };
      await grpcProxied.ask(
        'IdentityService/Login',
        { email: 'ada@example.org', password: 'p' },
        { headers },
      );
      expect(asked()).toMatchObject([{ source: '192.0.2.1' }, { source: '2001:db8::7' }]);
    });

    it('is refused when the proxy does not say for whom it asks', async () => {
      const answer = await login('192.0.2.1, unknown');
      expect([answer.status, asked()]).toEqual([400, []]);
      expect(await answer.json()).toMatchObject({ code: 'INPUT_INVALID' });
    });
  });

  it('is one command for one address: strangers do not share their idempotency keys', async () => {
    const headers = { 'idempotency-key': 'k' };
    for (const email of ['ada@example.org', 'ada@example.org', 'bob@example.org'])
      await post('/v1/auth/login', { email, password: 'p' }, headers);
    await post('/v1/auth/login', { email: 'ada@example.org', password: 'p', tenant: 'acme' }, headers);
    const [ada, again, bob, elsewhere] = asked().map(({ commandId }) => commandId);
    expect(again).toBe(ada);
    expect(new Set([ada, bob, elsewhere]).size).toBe(3);
  });

  it('that is refused is answered as a problem, with the time to wait when there is one', async () => {
    for (const [code, status, wait] of [
      ['LOGIN_REFUSED', 401, null],
      ['LOGIN_THROTTLED', 429, '15'],
    ] as const) {
      doors.iam.answers['session.open'] = () => {
        throw new ConcordatError(code);
      };
      const answer = await post('/v1/auth/login', { email: 'ada@example.org', password: 'p' });
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, wait]);
      expect(await answer.json()).toMatchObject({ code });
    }
  });

  it('is refreshed with the token alone', async () => {
    const answer = await post('/v1/auth/refresh', { refreshToken: 'ccr_x' });
    expect([answer.status, await answer.json()]).toEqual([200, tokens]);
    expect(asked()).toMatchObject([{ refreshToken: 'ccr_x', kind: 'anonymous' }]);
  });
});
