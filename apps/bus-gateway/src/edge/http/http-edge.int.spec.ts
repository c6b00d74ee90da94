import { startTelemetry } from '@concordat/runtime';
import {
  ConcordatError,
  type HttpBinding,
  operationList,
  operations,
  type OperationSpec,
} from '@concordat/contracts';
import { newAgent } from '@concordat/testing';
import { type DoorBench, problemOf, startDoorBench } from '../../door.fixture';

const endTelemetry = startTelemetry({
  serviceName: 'bus',
  instance: 'bus-1',
  endpoint: undefined,
  sampleRatio: 0,
});

type Route = OperationSpec & { readonly http: HttpBinding };
const routes = operationList.filter((spec): spec is Route => spec.http !== undefined);

/** What audit-service says of its log, and as a witness. */
const audit: Parameters<typeof startDoorBench>[0] = async ({ operation, input }) => {
  const answer = (output: object) => ({ output, position: null });
  const { request } = input as { request?: string };
  if (operation === 'audit.tile') return answer({ body: 'AAAA' });
  if (operation !== 'audit.addCheckpoint') throw new ConcordatError('NOT_FOUND');
  if (request === 'fork\n') throw new ConcordatError('WITNESS_PROOF_INVALID');
  return answer({ cosignatures: request === 'old 7\n' ? '\u2014 witness AAAA\n' : null, size: 7 });
};

describe('the HTTP door', () => {
  let doors: DoorBench;
  beforeAll(async () => (doors = await startDoorBench(audit)));
  afterAll(async () => {
    await doors.stop();
    await endTelemetry();
  });

  const samples: Readonly<Record<string, string>> = {
    ...{
      did: newAgent().did,
      persona: newAgent().did,
      grantee: newAgent().did,
      key: 'k',
      level: '0',
      index: '000',
    },
    id: 'msg-1-0-01890000-0000-7000-8000-000000000000',
  };
  const pathOf = ({ path }: HttpBinding): string =>
    path.replace(/\{(\w+)\+?\}/g, (_all, name: string) => samples[name]!);
  const ask = (path: string, init: RequestInit & { authorization?: string } = {}): Promise<Response> => {
    const { authorization, headers, ...rest } = init;
    return fetch(doors.gateway.url + path, {
      ...rest,
      headers: {
        ...(authorization === undefined ? {} : { authorization }),
        ...(headers as Record<string, string>),
      },
    });
  };
  const json = (body: unknown, over: object = {}) => ({
    ...{ method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) },
    ...{ headers: { 'content-type': 'application/json', ...over } },
  });
  const knock = ({ http }: Route, authorization?: string): Promise<Response> => {
    const hasBody = http.method !== 'GET' && http.method !== 'DELETE';
    return ask(pathOf(http), {
      ...(hasBody ? json({}) : {}),
      ...{ method: http.method, ...(authorization === undefined ? {} : { authorization }) },
    });
  };

  describe.each(routes.map((route) => [`${route.http.method} ${route.http.path}`, route] as const))(
    '%s',
    (_name, route) => {
      it('without a credential / is refused when it needs one, and never fails', async () => {
        const answer = await knock(route);
        expect(answer.headers.get('traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
        if (route.caller === 'none') return expect(answer.status).toBeLessThan(500);
        expect(await problemOf(answer)).toMatchObject({ code: 'CREDENTIAL_MISSING', status: 401 });
        expect(answer.headers.get('www-authenticate')).toBe('Bearer, DPoP algs="EdDSA", ApiKey');
      });

      it('with a credential that is none / is refused when it needs one, and never fails', async () => {
        const answer = await knock(route, doors.authorization.garbage);
        if (route.caller === 'none') return expect(answer.status).toBeLessThan(500);
        expect(await problemOf(answer)).toMatchObject({ code: 'CREDENTIAL_INVALID', status: 401 });
      });

      it('with an agent where an administrator is needed, or a key where an agent is / is refused, and never fails', async () => {
        const agent = await knock(route, doors.authorization.agent);
        const admin = await knock(route, doors.authorization.admin);
        // A stream would go on.
        if (route.kind === 'stream') await agent.body!.cancel();
        if (route.scope === 'admin')
          expect(await problemOf(agent)).toMatchObject({ code: 'SCOPE_MISSING', status: 403 });
        else expect(agent.status).toBeLessThan(500);
        if (route.caller === 'agent')
          expect(await problemOf(admin)).toMatchObject({ code: 'AGENT_REQUIRED', status: 403 });
        else expect(admin.status).toBeLessThan(500);
      });
    },
  );

  it('an agent that does the handshake / gets a token, sends, receives and acknowledges', async () => {
    const { agent, iam, authorization } = doors;
    const asked = await ask('/v1/auth/challenge', json({ did: agent.did }));
    const { challengeId, challenge } = (await asked.json()) as { challengeId: string; challenge: string };
    const token = await ask('/v1/auth/token', json({ challengeId, signature: agent.sign(challenge) }));
    expect(token.headers.get('concordat-position')).toBe(`iam:${iam.head.epoch}-${iam.head.position}`);
    const { accessToken, tokenType } = (await token.json()) as { accessToken: string; tokenType: string };
    const bearer = { authorization: `${tokenType} ${accessToken}` };
    const message = {
      to: agent.did,
      type: 'EVENT',
      payload: { deep: [1, 'two', null] },
      correlationId: 'c-1',
    };
    const sent = await ask('/v1/messages', { ...json(message), authorization: authorization.admin });
    expect(sent.status).toBe(202);
    expect(sent.headers.get('concordat-position')).toMatch(/^bus\.[01]:\d+-\d+$/);
    const { id, durability } = (await sent.json()) as { id: string; durability: string };
    expect(durability).toBe('appendfsync-always');
    const received = await ask('/v1/inbox?count=5&waitSeconds=5', bearer);
    const { items } = (await received.json()) as {
      items: { id: string; deliveryToken: string; payload: unknown }[];
    };
    expect(items).toMatchObject([{ id, payload: message.payload, attempt: 1, leaseSeconds: 30 }]);
    const acked = await ask('/v1/inbox/ack', { ...json({ tokens: [items[0]!.deliveryToken] }), ...bearer });
    expect([acked.status, await acked.json()]).toEqual([200, { acked: [id] }]);
    const status = await ask(`/v1/messages/${id}`, bearer);
    expect(await status.json()).toMatchObject({ status: 'DELIVERED', attempts: 1, correlationId: 'c-1' });
  });

  it('a repeated request / is answered alike, and another one under its key refused', async () => {
    const { agent, authorization } = doors;
    const send = (payload: unknown, key: string) =>
      ask('/v1/messages', {
        ...json({ to: agent.did, type: 'EVENT', payload }, { 'idempotency-key': key }),
        authorization: authorization.admin,
      });
    const answers = await Promise.all([send(1, 'k-1'), send(1, 'k-1')]);
    const [first, second] = await Promise.all(answers.map((answer) => answer.text()));
    expect(second).toBe(first);
    expect(await problemOf(await send(2, 'k-1'))).toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
      status: 422,
    });
  });

  it('an agent / has keys of its own for its token, whatever others call theirs', async () => {
    const [one, other] = [newAgent(), newAgent()];
    for (const agent of [one, other]) {
      await doors.iam.register(agent);
      const asked = await ask('/v1/auth/challenge', json({ did: agent.did }));
      const { challengeId, challenge } = (await asked.json()) as { challengeId: string; challenge: string };
      const body = { challengeId, signature: agent.sign(challenge) };
      expect((await ask('/v1/auth/token', json(body, { 'idempotency-key': 'login' }))).status).toBe(200);
    }
    const ids = doors.iam.asked.filter(({ operation }) => operation === 'handshake.redeem').slice(-2);
    expect(new Set(ids.map(({ commandId }) => commandId)).size).toBe(2);
  });

  it('headers of an operation / fill its fields, and its version comes back as ETag', async () => {
    expect(operations['memory.put'].http).toMatchObject({
      etag: 'version',
      headers: { 'if-match': 'ifMatch' },
    });
    const { agent, authorization } = doors;
    const path = `/v1/vault/${agent.did}/memories/k`;
    const twice = { ...json({ content: 1, ifMatch: '1' }, { 'if-match': '2' }), method: 'PUT' };
    const answer = await ask(path, { ...twice, authorization: authorization.agent });
    expect(await problemOf(answer)).toMatchObject({
      code: 'INPUT_INVALID',
      errors: [{ pointer: '/ifMatch' }],
    });
  });

  it('JWKS / holds the signing keys of iam-service and nothing secret', async () => {
    const answer = await ask('/.well-known/jwks.json');
    const { keys } = (await answer.json()) as { keys: Record<string, string>[] };
    const x = Buffer.from(doors.iam.signingKey.publicKey).toString('base64url');
    expect(keys).toEqual([
      { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid: expect.any(String) as string, x },
    ]);
  });

  it('health, metrics and the reference / are there for everybody', async () => {
    const described = ['/openapi.json', '/asyncapi.json', '/docs', '/docs/events'];
    for (const path of ['/health/live', '/health/ready', '/health/startup', '/metrics', ...described])
      expect([path, (await ask(path)).status]).toEqual([path, 200]);
  });

  it('what the gateway logged and answered / holds no secret', async () => {
    const { authorization, gateway } = doors;
    await ask('/v1/agents', { authorization: `${authorization.admin}x` });
    await ask('/v1/agents', { authorization: `${authorization.agent}x` });
    const answer = await ask(
      '/v1/auth/token',
      json({ challengeId: 'canary-challenge', signature: 'c'.repeat(86) }),
    );
    const text = await answer.text();
    const canaries = [
      authorization.admin.slice(20, 60),
      authorization.agent.slice(20, 60),
      'canary-challenge',
    ];
    for (const canary of canaries) {
      expect(gateway.log.join('')).not.toContain(canary);
      expect(text).not.toContain(canary);
    }
    expect(gateway.log.length).toBeGreaterThan(0);
  });

  it('tiles may be kept for ever, refusals and all that changes may not', async () => {
    const cacheOf = async (path: string) => (await ask(`/v1/audit/log/${path}`)).headers.get('cache-control');
    expect(await cacheOf('tile/0/000')).toBe('public, max-age=31536000, immutable');
    expect(await cacheOf('tile/0/x')).toBe('no-store');
    expect(await cacheOf('checkpoint')).toBe('no-store');
  });

  it('a witness takes and gives text, with the statuses of C2SP tlog-witness', async () => {
    const add = async (body: string | Uint8Array<ArrayBuffer>) => {
      const answer = await ask('/v1/audit/witness/add-checkpoint', { method: 'POST', body });
      return [answer.status, answer.headers.get('content-type'), await answer.text()];
    };
    expect(await add('old 7\n')).toEqual([200, 'text/plain; charset=utf-8', '\u2014 witness AAAA\n']);
    expect(await add('old 3\n')).toEqual([409, 'text/x.tlog.size', '7\n']);
    expect((await add('fork\n')).slice(0, 2)).toEqual([422, 'application/problem+json']);
    expect((await add(Uint8Array.of(0xff)))[0]).toBe(400);
    expect((await add('x'.repeat(20_000)))[0]).toBe(413);
  });
});
