import {
  type ErrorCode,
  fromEntryFields,
  hasScope,
  operationList,
  type OperationName,
  operations,
  type OperationSpec,
  type Principal,
} from '@concordat/contracts';
import { commandNode, streamKeys, whenReady } from '@concordat/streams';
import { type Bench, newAgent, startBench } from '@concordat/testing';
import type Redis from 'ioredis';
import { type RunningGateway, startGateway } from '../gateway.fixture';
import { type IamDouble, startIamDouble } from '../iam-double.fixture';
import type { EdgeRequest } from './edge-request';
import { OperationRouter } from './operation-router';

const uuid = '01890000-0000-7000-8000-000000000000';

describe('the way of a request', () => {
  let bench: Bench;
  let iam: IamDouble;
  let gateway: RunningGateway;
  let router: OperationRouter;
  let redis: Redis;
  const ada = newAgent();
  const callers: Record<string, { authorization: string | undefined; principal?: Principal }> = {};

  beforeAll(async () => {
    bench = await startBench();
    gateway = await startGateway(bench);
    iam = await startIamDouble(bench);
    router = gateway.app.get(OperationRouter);
    redis = commandNode({ url: bench.redis.durable.url, name: 'spec' });
    await Promise.all([whenReady(redis, 5_000), gateway.whenFresh()]);
    await iam.register(ada);
    callers['nobody'] = { authorization: undefined };
    callers['a stranger'] = { authorization: `ApiKey cck_${'0'.repeat(80)}` };
    callers['an agent'] = {
      authorization: await iam.bearer(ada.did),
      principal: { kind: 'agent', tenant: 'default', id: ada.did, scopes: ['read', 'write'], tokenId: '' },
    };
    for (const scopes of [['read'], ['write'], ['admin'], ['governance']] as const) {
      const { id, authorization } = await iam.createApiKey(scopes);
      const principal: Principal = { kind: 'apiKey', tenant: 'default', id, scopes: [...scopes] };
      callers[`a key for ${scopes[0]}`] = { authorization, principal };
    }
  });
  beforeEach(() => iam.asked.splice(0));
  afterAll(async () => {
    redis.disconnect();
    await gateway.stop();
    await iam.stop();
    await bench.stop();
  });

  const route = (operation: OperationName, over: Partial<EdgeRequest> = {}) =>
    router.route({
      ...{
        operation: operations[operation],
        input: {},
        authorization: callers['a key for admin']!.authorization,
      },
      ...{ idempotencyKey: undefined, minPosition: undefined, conversation: undefined, address: null },
      ...{ signal: new AbortController().signal, ...over },
    });
  const codeOf = (answer: Promise<unknown>): Promise<ErrorCode | 'ok'> =>
    answer.then(
      () => 'ok',
      (error: { code: ErrorCode }) => error.code,
    );
  const refusals = async (): Promise<{ operation: string; code: string; caller: string }[]> => {
    const entries = await redis.xrange(streamKeys.events('bus.feed'), '-', '+');
    return entries.map(([id, fields]) => JSON.parse(fromEntryFields(id, fields).data) as never);
  };
  const expected = (
    { caller, scope }: OperationSpec,
    principal: Principal | undefined,
    isStranger: boolean,
  ) => {
    if (!principal) return isStranger ? 'CREDENTIAL_INVALID' : 'CREDENTIAL_MISSING';
    if (caller === 'gateway') return 'ROUTE_UNKNOWN';
    if (caller === 'agent' && principal.kind !== 'agent') return 'AGENT_REQUIRED';
    return scope !== undefined && !hasScope(principal, scope) ? 'SCOPE_MISSING' : undefined;
  };

  // First of all: alike refusals that follow within some seconds are counted together.
  it('every refusal / is in the audit feed when it is answered, under the name of who was refused', async () => {
    for (const operation of ['agent.erase', 'apiKey.revoke', 'message.get'] as const) {
      const { authorization } = callers['a stranger']!;
      expect(await codeOf(route(operation, { authorization }))).toBe('CREDENTIAL_INVALID');
      const refusal = { operation, code: 'CREDENTIAL_INVALID', caller: 'anonymous', count: 1 };
      expect((await refusals()).at(-1)).toEqual(refusal);
    }
    const { authorization, principal } = callers['a key for governance']!;
    expect(await codeOf(route('agent.erase', { authorization }))).toBe('SCOPE_MISSING');
    const refusal = { operation: 'agent.erase', code: 'SCOPE_MISSING', caller: `apiKey:${principal!.id}` };
    expect((await refusals()).at(-1)).toEqual({ ...refusal, count: 1 });
  });

  // Input that no operation takes: whoever gets as far as that has been let in, and goes no further.
  const nonsense = { no: { operation: 'takes this' } };
  it.each(operationList.filter(({ caller }) => caller !== 'none').map((spec) => [spec.name, spec] as const))(
    '%s / lets in whom the catalogue says, before it looks at the input, and nobody else gets any further',
    async (name, spec) => {
      for (const [who, { authorization, principal }] of Object.entries(callers)) {
        const outcome = await codeOf(route(name as OperationName, { authorization, input: nonsense }));
        const wanted = expected(spec, principal, authorization !== undefined) ?? 'INPUT_INVALID';
        expect([who, outcome]).toEqual([who, wanted]);
      }
      expect(iam.asked).toEqual([]);
    },
  );

  it('an operation for everybody / does not ask who it is, whatever the credential', async () => {
    for (const { authorization } of Object.values(callers))
      expect(await codeOf(route('auth.challenge', { authorization, input: { did: ada.did } }))).toBe('ok');
  });

  it('what is no refusal / is not in the feed: no credential, bad input, unknown things', async () => {
    const before = (await refusals()).length;
    expect(await codeOf(route('agent.get', { authorization: undefined }))).toBe('CREDENTIAL_MISSING');
    expect(await codeOf(route('agent.get', { input: nonsense }))).toBe('INPUT_INVALID');
    expect(await codeOf(route('agent.get', { input: { did: ada.did } }))).toBe('NOT_FOUND');
    expect(await refusals()).toHaveLength(before);
  });

  it('a refusal that cannot be fed / is answered with 503, and nothing was carried out', async () => {
    const key = await iam.createApiKey(['read']);
    expect(await codeOf(route('auth.whoami', { authorization: key.authorization }))).toBe('ok');
    bench.redis.durable.suspend();
    const begun = performance.now();
    const input = { name: 'x', scopes: ['read'] };
    const outcome = await codeOf(route('apiKey.create', { authorization: key.authorization, input }));
    bench.redis.durable.resume();
    expect(outcome).toBe('SERVICE_UNAVAILABLE');
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(iam.asked).toEqual([]);
  });

  describe('headers beside the input', () => {
    const bad = (over: Partial<EdgeRequest>, operation: OperationName = 'agent.revoke') =>
      route(operation, { input: { did: ada.did }, ...over }).catch((error: unknown) => error);

    it.each([
      'x',
      'iam',
      'iam:',
      'iam:1',
      'iam:1-',
      'iam:1-2,iam:1-3',
      'IAM:1-2',
      `${'a:1-1,'.repeat(16)}b:1-1`,
      '',
    ])('a minimum position like "%s" / is refused', async (minPosition) => {
      expect(await bad({ minPosition })).toMatchObject({
        ...{ code: 'INPUT_INVALID', errors: [{ pointer: 'Concordat-Min-Position' }] },
      });
      expect(iam.asked).toEqual([]);
    });

    it.each(['', ' ', 'a b', 'é', 'x'.repeat(129), 'a\tb'])(
      'a correlation id like "%s" / is refused',
      async (conversation) => {
        expect(await bad({ conversation })).toMatchObject({
          ...{ code: 'INPUT_INVALID', errors: [{ pointer: 'Concordat-Correlation-Id' }] },
        });
        expect(iam.asked).toEqual([]);
      },
    );

    it.each(['', 'a b', 'é', 'x'.repeat(256)])(
      'an idempotency key like "%s" / is refused',
      async (idempotencyKey) => {
        expect(await bad({ idempotencyKey })).toMatchObject({
          ...{ code: 'INPUT_INVALID', errors: [{ pointer: 'Idempotency-Key' }] },
        });
        expect(iam.asked).toEqual([]);
      },
    );

    it('a minimum position of iam / is waited for, and refused when it does not come', async () => {
      const { epoch, position } = iam.head;
      const input = { id: `msg-1-0-${uuid}` };
      const known = `iam:${epoch}-${position}`;
      expect(await codeOf(route('message.get', { input, minPosition: known }))).toBe('MESSAGE_UNKNOWN');
      const next = codeOf(route('message.get', { input, minPosition: `iam:${epoch}-${position + 1}` }));
      await iam.register(newAgent());
      expect(await next).toBe('MESSAGE_UNKNOWN');
      const anonymous = { authorization: undefined, input: { did: ada.did } };
      expect(
        await codeOf(
          route('auth.challenge', { ...anonymous, minPosition: `iam:${epoch}-${position + 1_000}` }),
        ),
      ).toBe('ok');
      const never = `iam:${epoch}-${position + 1_000}`;
      expect(await codeOf(route('message.get', { input, minPosition: never }))).toBe('POSITION_NOT_REACHED');
    });
  });

  it('a request that waits / is refused when the caller was revoked meanwhile', async () => {
    const eve = newAgent();
    await iam.register(eve);
    const { epoch, position } = iam.head;
    const authorization = await iam.bearer(eve.did);
    const over = { authorization, input: { to: ada.did, type: 'EVENT', payload: 1 } };
    const waiting = codeOf(route('message.send', { ...over, minPosition: `iam:${epoch}-${position + 1}` }));
    await iam.revoke(eve.did);
    expect(await waiting).toBe('CREDENTIAL_INVALID');
  });

  it('a command / reaches its service with who asks, its id and its conversation; a query has no id', async () => {
    const answer = { did: ada.did, erasedAt: '2026-01-01T00:00:00.000Z' };
    iam.answers['agent.erase'] = () => answer;
    const over = {
      input: { did: ada.did },
      idempotencyKey: 'k',
      conversation: 'c-1',
      minPosition: 'vault:1-2',
    };
    const { output, positions } = await route('agent.erase', over);
    expect(output).toEqual(answer);
    expect(positions).toEqual({ iam: iam.head });
    await route('agent.erase', over);
    await route('agent.erase', { ...over, idempotencyKey: 'other' });
    await codeOf(route('agent.get', over));
    const { principal } = callers['a key for admin']!;
    expect(iam.asked[0]).toMatchObject({ principal, conversation: 'c-1', input: { did: ada.did } });
    expect(iam.asked[0]!.minPosition).toEqual({ vault: { epoch: 1, position: 2 } });
    const ids = iam.asked.map(({ commandId }) => commandId);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
    expect(ids[3]).toBeNull();
  });

  it('a service that is not there / is 503 within two seconds', async () => {
    const begun = performance.now();
    expect(await codeOf(route('audit.key'))).toBe('SERVICE_UNAVAILABLE');
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});
