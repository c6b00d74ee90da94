import { eventually, newAgent } from '@concordat/testing';
import { expectProblem, type HttpAnswer, logIn, request } from './http';
import { System } from './system';

describe('what must be refused', () => {
  let system: System;
  let url: string;
  let admin: { authorization: string };

  beforeAll(async () => {
    system = await System.start();
    url = system.url(0);
    admin = { authorization: `ApiKey ${system.adminKey}` };
  });
  afterAll(() => system.stop());

  const challenge = async (did: string): Promise<{ challengeId: string; challenge: string }> =>
    (await request(`${url}/v1/auth/challenge`, { method: 'POST', body: { did } })).body as never;
  const token = (body: unknown, gateway = url): Promise<HttpAnswer> =>
    request(`${gateway}/v1/auth/token`, { method: 'POST', body });
  const register = (body: unknown): Promise<HttpAnswer> =>
    request(`${url}/v1/agents`, { method: 'POST', headers: admin, body });

  it('an agent that nobody registered', async () => {
    const agent = newAgent();
    const { challengeId, challenge: text } = await challenge(agent.did);
    expectProblem(await token({ challengeId, signature: agent.sign(text) }), 401, 'HANDSHAKE_REFUSED');
  });

  it('a wrong signature, and it is in the audit trail with its reason', async () => {
    const agent = await system.registered();
    const { challengeId, challenge: text } = await challenge(agent.did);
    expectProblem(await token({ challengeId, signature: newAgent().sign(text) }), 401, 'HANDSHAKE_REFUSED');
    await eventually(async () => {
      const { items } = await system
        .admin(1)
        .audit.events({ subject: agent.did, type: 'concordat.iam.handshake.refused.v1' });
      expect(items).toMatchObject([{ data: { did: agent.did, reason: 'bad-signature' } }]);
    });
  });

  it('a challenge that was used, also at the other gateway', async () => {
    const agent = await system.registered();
    const { challengeId, challenge: text } = await challenge(agent.did);
    const proof = { challengeId, signature: agent.sign(text) };
    expect((await token(proof)).status).toBe(200);
    expectProblem(await token(proof), 401, 'CHALLENGE_ALREADY_USED');
    expectProblem(await token(proof, system.url(1)), 401, 'CHALLENGE_ALREADY_USED');
  });

  it('a challenge that was used by two gateways at the same moment: one of them', async () => {
    const agent = await system.registered();
    const { challengeId, challenge: text } = await challenge(agent.did);
    const proof = { challengeId, signature: agent.sign(text) };
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => token(proof, system.url(i % 2))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 200))
      expectProblem(answer, 401, 'CHALLENGE_ALREADY_USED');
  });

  it('a challenge that no gateway issued', async () => {
    const agent = await system.registered();
    const { challengeId, challenge: text } = await challenge(agent.did);
    const forged = `${challengeId.slice(0, -1)}${challengeId.endsWith('A') ? 'B' : 'A'}`;
    expectProblem(
      await token({ challengeId: forged, signature: agent.sign(text) }),
      401,
      'CHALLENGE_INVALID',
    );
  });

  it('a token that is not one, or was changed', async () => {
    const agent = await system.registered();
    const good = await logIn(url, agent);
    const [head, payload, signature] = good.slice(7).split('.') as [string, string, string];
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const raised = Buffer.from(JSON.stringify({ ...claims, scope: 'read write admin' })).toString(
      'base64url',
    );
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    const bad = [
      'nonsense',
      `${head}.${raised}.${signature}`,
      `${none}.${raised}.`,
      `${head}.${payload}.${'A'.repeat(86)}`,
    ];
    for (const text of bad) {
      const answer = await request(`${url}/v1/auth/whoami`, { headers: { authorization: `Bearer ${text}` } });
      expectProblem(answer, 401, 'CREDENTIAL_INVALID');
    }
    expect((await request(`${url}/v1/auth/whoami`, { headers: { authorization: good } })).status).toBe(200);
  });

  it('a token of a revoked agent, at both gateways, within a second', async () => {
    const agent = await system.registered();
    const authorization = await logIn(url, agent);
    await system.admin(0).agents.revoke({ did: agent.did });
    const begun = performance.now();
    for (const gateway of [system.url(0), system.url(1)]) {
      await eventually(async () =>
        expectProblem(
          await request(`${gateway}/v1/auth/whoami`, { headers: { authorization } }),
          401,
          'CREDENTIAL_INVALID',
        ),
      );
    }
    process.stdout.write(
      `revocation effective at both gateways after ${Math.round(performance.now() - begun)} ms\n`,
    );
  });

  it.each([
    ['nothing', undefined, 401, 'CREDENTIAL_MISSING'],
    ['a foreign scheme', 'Basic YTpi', 401, 'CREDENTIAL_INVALID'],
    ['a key that is none', 'ApiKey nonsense', 401, 'CREDENTIAL_INVALID'],
  ])('%s for a credential', async (_, authorization, status, code) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    expectProblem(await request(`${url}/v1/agents`, { headers }), status, code);
  });

  it.each<[string, string | Uint8Array, number, string]>([
    ['larger than a MiB', JSON.stringify({ name: 'x'.repeat(1_048_577) }), 413, 'PAYLOAD_TOO_LARGE'],
    ['nested too deep', `{"metadata":${'['.repeat(40)}${']'.repeat(40)}}`, 400, 'JSON_TOO_DEEP'],
    ['nested a hundred thousand deep', '['.repeat(100_000), 400, 'JSON_TOO_DEEP'],
    ['with a key twice', '{"name":"a","name":"b"}', 400, 'JSON_DUPLICATE_KEY'],
    ['with a key that reaches the prototype', '{"__proto__":{"scope":"admin"}}', 400, 'JSON_FORBIDDEN_KEY'],
    ['with a number that no double holds', '{"metadata":{"n":9007199254740993}}', 400, 'JSON_NUMBER_UNSAFE'],
    ['that is not JSON', '{"name":', 400, 'JSON_MALFORMED'],
    ['that is not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400, 'JSON_MALFORMED'],
    ['with unknown fields', '{"name":"a","type":"SERVICE","nonsense":1}', 400, 'INPUT_INVALID'],
  ])('a body %s', async (_, body, status, code) => {
    expectProblem(await register(body), status, code);
  });

  it('a body of another kind, and a route that is none', async () => {
    const text = { method: 'POST', headers: { ...admin, 'content-type': 'text/plain' }, body: 'x' };
    expectProblem(await request(`${url}/v1/agents`, text), 415, 'MEDIA_TYPE_UNSUPPORTED');
    expectProblem(await request(`${url}/v1/nonsense`), 404, 'ROUTE_UNKNOWN');
  });

  it('an idempotency key that was used for something else', async () => {
    const headers = { ...admin, 'idempotency-key': 'k-1' };
    const body = { name: 'a', type: 'SERVICE', publicKey: newAgent().publicKeyText };
    const post = (content: object): Promise<HttpAnswer> =>
      request(`${url}/v1/agents`, { method: 'POST', headers, body: content });
    const first = await post(body);
    expect(first.status).toBe(201);
    expect((await post(body)).body).toEqual(first.body);
    expectProblem(await post({ ...body, name: 'b' }), 422, 'IDEMPOTENCY_KEY_REUSED');
  });

  it('anything of another tenant, exactly as if it were not there', async () => {
    const agent = await system.registered();
    const { key } = await system
      .admin()
      .apiKeys.create({ name: 'acme', scopes: ['read', 'write', 'admin'], tenant: 'acme' });
    const foreign = { authorization: `ApiKey ${key}` };
    const ask = async (did: string): Promise<unknown> => {
      const answer = await request(`${url}/v1/agents/${did}`, { headers: foreign });
      return { ...expectProblem(answer, 404, 'AGENT_UNKNOWN'), traceId: '' };
    };
    await eventually(async () =>
      expect((await request(`${url}/v1/auth/whoami`, { headers: foreign })).status).toBe(200),
    );
    expect(await ask(agent.did)).toEqual(await ask(newAgent().did));
    const list = await request(`${url}/v1/agents`, { headers: foreign });
    expect(list.body).toEqual({ items: [], nextCursor: null });
    const sent = { to: agent.did, type: 'EVENT', payload: 1 };
    expectProblem(
      await request(`${url}/v1/messages`, { method: 'POST', headers: foreign, body: sent }),
      404,
      'RECIPIENT_UNKNOWN',
    );
  });
});
