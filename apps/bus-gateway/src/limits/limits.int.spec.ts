import { fromEntryFields, limits, type LimitSetting } from '@concordat/contracts';
import { RefusalFeed, streamKeys } from '@concordat/streams';
import { eventually, newAgent, type TestAgent } from '@concordat/testing';
import { status as grpcStatus } from '@grpc/grpc-js';
import { type TwoGateways, problemOf, startTwoGateways } from '../door.fixture';
import { openGrpc, refusalOf } from '../grpc.fixture';
import { LimitStore } from './limit-store';

interface Exceeded {
  readonly id: string;
  readonly limit: string;
  readonly count: number;
}

describe('limits at two doors', () => {
  let doors: TwoGateways;
  beforeAll(async () => (doors = await startTwoGateways({ addressRequestsPerSecond: 1 })));
  afterAll(() => doors.stop());

  const ask = (
    authorization: string,
    path = '/v1/auth/whoami',
    init: RequestInit = {},
    url = doors.gateway.url,
  ) =>
    fetch(url + path, {
      ...init,
      headers: { authorization, 'content-type': 'application/json' },
    });
  const put = async (kind: string, id: string, amounts: object, by = doors.authorization.admin) =>
    ask(by, `/v1/limits/${kind}/${encodeURIComponent(id)}`, { method: 'PUT', body: JSON.stringify(amounts) });
  const newcomer = async (): Promise<[TestAgent, string]> => {
    const agent = newAgent();
    await doors.iam.register(agent);
    return [agent, await doors.iam.bearer(agent.did)];
  };
  const fed = async (type: string): Promise<Exceeded[]> => {
    const entries = await doors.redis.xrange(streamKeys.events('bus.feed'), '-', '+');
    const events = entries.map(([id, fields]) => fromEntryFields(id, fields));
    return events.filter((event) => event.type === type).map(({ data }) => JSON.parse(data) as Exceeded);
  };
  const exceededBy = async (id: string) =>
    (await fed('concordat.bus.limit.exceeded.v1')).filter((event) => event.id === id);
  const inTurn = async <T>(times: number, run: () => Promise<T>): Promise<T[]> => {
    const answers: T[] = [];
    for (let time = 0; time < times; time++) answers.push(await run());
    return answers;
  };

  it('that were set / hold at either door within a second, for both together, and are told in the trail', async () => {
    const [{ did }, authorization] = await newcomer();
    const answer = await put('agent', did, { requestsPerSecond: 1, burst: 5 });
    expect(answer.status).toBe(200);
    const setting = (await answer.json()) as LimitSetting;
    expect(setting).toMatchObject({
      kind: 'agent',
      id: did,
      requestsPerSecond: 1,
      burst: 5,
      messagesPerDay: null,
    });
    expect((await fed('concordat.bus.limit.changed.v1')).at(-1)).toMatchObject({ id: did, burst: 5 });
    // Read together: when the other door knows of the later one, it knows of this one.
    const [later, laterAuthorization] = await newcomer();
    await put('agent', later.did, { requestsPerSecond: 1, burst: 1 });
    await eventually(async () => {
      const asked = await inTurn(3, () => ask(laterAuthorization, undefined, {}, doors.second.url));
      expect(asked.map(({ status }) => status)).toContain(429);
    });
    const begunMs = performance.now();
    const statuses = await inTurn(12, async () => {
      const answers = await Promise.all([
        ask(authorization),
        ask(authorization, undefined, {}, doors.second.url),
      ]);
      return answers.map(({ status }) => status);
    });
    const through = statuses.flat().filter((status) => status === 200).length;
    expect(through).toBeGreaterThanOrEqual(4);
    expect(through).toBeLessThanOrEqual(5 + (performance.now() - begunMs) / 1_000);
  });

  it('exceeded over HTTP / is a problem that says when to come again', async () => {
    const [{ did }, authorization] = await newcomer();
    await put('agent', did, { requestsPerSecond: 1, burst: 1 });
    const answers = await inTurn(3, () => ask(authorization));
    const refused = answers.find(({ status }) => status === 429)!;
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('ratelimit')).toBe('"requests";r=0;t=1');
    const problem = await problemOf(refused);
    expect([problem.code, problem.detail]).toEqual([
      'RATE_LIMITED',
      `The agent ${did} has used up its requestsPerSecond.`,
    ]);
  });

  it('exceeded over gRPC / is RESOURCE_EXHAUSTED with RetryInfo', async () => {
    const [{ did }, authorization] = await newcomer();
    await put('agent', did, { requestsPerSecond: 1, burst: 1 });
    const grpc = openGrpc(doors.gateway.grpcAddress);
    const answers = await inTurn(3, () => grpc.ask('IdentityService/WhoAmI', {}, { authorization }));
    grpc.close();
    const refused = answers.find(({ code }) => code === grpcStatus.RESOURCE_EXHAUSTED)!;
    expect(refusalOf(refused, 'RATE_LIMITED').RetryInfo).toEqual({ retryDelay: { seconds: 1, nanos: 0 } });
  });

  it('exceeded by a flood / is a few records, which count all of it', async () => {
    const [{ did }, authorization] = await newcomer();
    await put('agent', did, { requestsPerSecond: 1, burst: 1 });
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(authorization)));
    const refused = answers.filter(({ status }) => status === 429).length;
    expect(refused).toBeGreaterThan(150);
    await doors.gateway.app.get(RefusalFeed).flush();
    const records = await exceededBy(did);
    expect(records.reduce((sum, { count }) => sum + count, 0)).toBe(refused);
    // One at once, and one for each few seconds that the flood has lasted.
    expect(records.length).toBeLessThanOrEqual(4);
  });

  it('on messages / let as many through as they say, and leave everything else alone', async () => {
    const [{ did }, authorization] = await newcomer();
    await put('agent', did, { messagesPerDay: 3 });
    const body = JSON.stringify({ to: doors.agent.did, type: 'EVENT', payload: 1 });
    const send = () => ask(authorization, '/v1/messages', { method: 'POST', body });
    const answers = await inTurn(5, send);
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 429, 429]);
    const retryAfter = Number(answers[4]!.headers.get('retry-after'));
    // When the hour in which they were counted has left the day.
    expect(retryAfter).toBeGreaterThan(86_400);
    expect(retryAfter).toBeLessThanOrEqual(90_000);
    expect((await problemOf(answers[4]!)).code).toBe('QUOTA_EXCEEDED');
    expect((await ask(authorization)).status).toBe(200);
    await eventually(async () =>
      expect((await exceededBy(did))[0]).toMatchObject({ limit: 'messagesPerDay' }),
    );
  });

  it('of a tenant / hold for all in it together, and only the operator sets them', async () => {
    const tenant = 'acme';
    const agents = [newAgent(), newAgent()];
    for (const agent of agents) await doors.iam.register(agent, { tenant });
    const { authorization: own } = await doors.iam.createApiKey(['admin'], { tenant });
    for (const id of [tenant, 'default', 'nowhere']) {
      expect((await problemOf(await put('tenant', id, { messagesPerDay: 9 }, own))).code).toBe(
        'SCOPE_MISSING',
      );
      const path = `/v1/limits/tenant/${id}`;
      expect((await problemOf(await ask(own, path))).code).toBe('LIMIT_UNKNOWN');
      expect((await problemOf(await ask(own, path, { method: 'DELETE' }))).code).toBe('SCOPE_MISSING');
    }
    expect((await put('tenant', tenant, { messagesPerMinute: 3 })).status).toBe(200);
    expect((await ask(own, `/v1/limits/tenant/${tenant}`)).status).toBe(200);
    expect((await ask(doors.authorization.admin, `/v1/limits/tenant/${tenant}`)).status).toBe(200);
    const body = JSON.stringify({ to: agents[0]!.did, type: 'EVENT', payload: 1 });
    const statuses: number[] = [];
    for (const { did } of [...agents, ...agents]) {
      const authorization = await doors.iam.bearer(did, { tenant });
      statuses.push((await ask(authorization, '/v1/messages', { method: 'POST', body })).status);
    }
    expect(statuses).toEqual([202, 202, 202, 429]);
    await eventually(async () => expect(await exceededBy(tenant)).toHaveLength(1));
  });

  it('of one tenant / are not those of another, and not seen from there', async () => {
    const { authorization: other } = await doors.iam.createApiKey(['admin'], { tenant: 'other' });
    const [{ did }] = await newcomer();
    await put('agent', did, { requestsPerSecond: 7 });
    expect((await problemOf(await ask(other, `/v1/limits/agent/${did}`))).code).toBe('LIMIT_UNKNOWN');
    expect(await (await ask(other, '/v1/limits')).json()).toEqual({ items: [], nextCursor: null });
    const removal = await ask(other, `/v1/limits/agent/${did}`, { method: 'DELETE' });
    expect((await problemOf(removal)).code).toBe('LIMIT_UNKNOWN');
    expect((await ask(doors.authorization.admin, `/v1/limits/agent/${did}`)).status).toBe(200);
  });

  it('are listed page by page, and deleted', async () => {
    const ids = [newAgent().did, newAgent().did, newAgent().did];
    for (const id of ids) await put('agent', id, { requestsPerSecond: 7 });
    const admin = doors.authorization.admin;
    const listed: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = (await (await ask(admin, `/v1/limits?limit=2&cursor=${cursor}`)).json()) as {
        items: LimitSetting[];
        nextCursor: string | null;
      };
      expect(page.items.length).toBeLessThanOrEqual(2);
      listed.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(listed).toEqual(expect.arrayContaining(ids));
    expect(new Set(listed).size).toBe(listed.length);
    const path = `/v1/limits/agent/${ids[0]}`;
    expect(await (await ask(admin, path, { method: 'DELETE' })).json()).toMatchObject({
      kind: 'agent',
      id: ids[0],
    });
    for (const method of ['GET', 'DELETE'])
      expect((await problemOf(await ask(admin, path, { method }))).code).toBe('LIMIT_UNKNOWN');
    expect((await fed('concordat.bus.limit.removed.v1')).map(({ id }) => id)).toEqual([ids[0]]);
  });

  it('that say nothing, or name what is none / are refused', async () => {
    const { did } = newAgent();
    for (const [kind, id, amounts] of [
      ['agent', did, {}],
      ['agent', did, { burst: 3 }],
      ['agent', did, { requestsPerSecond: 0 }],
      ['agent', did, { messagesPerDay: 1.5 }],
      ['user', did, { requestsPerSecond: 1 }],
      ['tenant', 'Two words', { requestsPerSecond: 1 }],
      ['address', '192.0.2.1', { requestsPerSecond: 1 }],
    ] as const)
      expect([kind, amounts, (await put(kind, id, amounts)).status]).toEqual([kind, amounts, 400]);
  });

  it('as many as a tenant can have / refuse another one, which leaves nothing in the trail, but take changes', async () => {
    const { authorization: full } = await doors.iam.createApiKey(['admin'], { tenant: 'full' });
    const ids = Array.from({ length: limits.limitSettings }, (_, index) =>
      index.toString(16).padStart(16, '0'),
    );
    const store = doors.gateway.app.get(LimitStore);
    const amounts = { requestsPerSecond: 9, burst: null, messagesPerMinute: null, messagesPerDay: null };
    const setting = (id: string): LimitSetting => ({
      ...{ kind: 'apiKey', id, ...amounts, updatedAt: new Date().toISOString() },
    });
    await Promise.all(ids.map((id) => store.put('full', setting(id))));
    const one = 'f'.repeat(16);
    expect((await problemOf(await put('apiKey', one, { requestsPerSecond: 1 }, full))).code).toBe(
      'LIMIT_SETTINGS_FULL',
    );
    await expect(store.put('full', setting(one))).rejects.toMatchObject({ code: 'LIMIT_SETTINGS_FULL' });
    expect((await fed('concordat.bus.limit.changed.v1')).filter(({ id }) => id === one)).toEqual([]);
    expect((await put('apiKey', ids[0]!, { requestsPerSecond: 1 }, full)).status).toBe(200);
  });

  it('of strangers / hold for an address, and the trail does not keep which', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        fetch(`${doors.second.url}/v1/auth/challenge`, {
          ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
          body: JSON.stringify({ did: doors.agent.did }),
        }),
      ),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(7);
    expect((await problemOf(refused[0]!)).detail).toBe('This address has used up its requestsPerSecond.');
    await eventually(async () =>
      expect((await exceededBy('anonymous'))[0]).toMatchObject({ kind: 'address', count: 1 }),
    );
    expect((await ask(doors.authorization.agent, undefined, {}, doors.second.url)).status).toBe(200);
  });

  it('while the Redis that keeps the settings is frozen / are those that were known, and the answer does not wait for it', async () => {
    const [{ did }, authorization] = await newcomer();
    await put('agent', did, { requestsPerSecond: 1, burst: 1 });
    await inTurn(2, () => ask(authorization));
    doors.bench.redis.durable.suspend();
    const begun = performance.now();
    const answers = await inTurn(6, () => ask(authorization));
    const elapsed = performance.now() - begun;
    doors.bench.redis.durable.resume();
    expect(answers.map(({ status }) => status)).toContain(429);
    expect(elapsed).toBeLessThan(5_000);
  });

  it('while the Redis of the meters is frozen / go by what each door counts, and it answers in time', async () => {
    const [, authorization] = await newcomer();
    doors.bench.redis.rpc.suspend();
    const begun = performance.now();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(authorization)));
    const elapsed = performance.now() - begun;
    doors.bench.redis.rpc.resume();
    // 503: when the heartbeats have been missed for too long by then.
    for (const { status } of answers) expect([200, 503]).toContain(status);
    expect(elapsed).toBeLessThan(5_000);
    await eventually(async () => expect((await ask(authorization)).status).toBe(200));
  });
});
