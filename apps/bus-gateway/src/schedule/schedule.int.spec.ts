import {
  AgentSuspended,
  findOperation,
  fromEntryFields,
  type OperationInput,
  type OperationOutput,
  type Schedule,
} from '@concordat/contracts';
import type { OperationContext, OperationHandlers } from '@concordat/runtime';
import { streamKeys } from '@concordat/streams';
import { agentPrincipal, eventually, newAgent, type TestAgent } from '@concordat/testing';
import { randomUUID } from 'node:crypto';
import { type TwoGateways, problemOf, startTwoGateways } from '../door.fixture';
import { SCHEDULE_HANDLERS } from './schedule.module';

type Told = { readonly scheduleId: string; readonly plannedAt: string; readonly messageId: string };

describe('schedules at two gateways', () => {
  let doors: TwoGateways;
  beforeAll(async () => (doors = await startTwoGateways()));
  afterAll(() => doors.stop());

  const newcomer = async (): Promise<TestAgent> => {
    const agent = newAgent();
    await doors.iam.register(agent);
    return agent;
  };
  const ask = async (
    method: string,
    path: string,
    authorization: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    fetch(doors.gateway.url + path, {
      method,
      headers: { authorization, ...(body && { 'content-type': 'application/json' }), ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
  const toSelf = ({ did }: TestAgent) => ({ to: did, type: 'EVENT' as const, payload: { tick: true } });
  /** Oftener than a door allows. */
  const everySecond = async (agent: TestAgent): Promise<string> => {
    const context: OperationContext = {
      ...{ operation: 'schedule.create', principal: agentPrincipal(agent.did), commandId: randomUUID() },
      ...{ minPosition: {}, conversation: null, traceparent: null, address: null },
    };
    const message = findOperation('message.send')!.input.parse(
      toSelf(agent),
    ) as OperationInput<'message.send'>;
    const handlers = doors.second.app.get<Required<OperationHandlers>>(SCHEDULE_HANDLERS, { strict: false });
    return (await handlers['schedule.create']({ message, everySeconds: 1 }, context)).output.id;
  };
  const told = async (past: string, id: string): Promise<Told[]> => {
    const entries = await doors.redis.xrange(streamKeys.events('bus.feed'), '-', '+');
    return entries
      .map(([entry, fields]) => fromEntryFields(entry, fields))
      .filter(({ type, subject }) => type.endsWith(`.schedule.${past}.v1`) && subject === `schedule:${id}`)
      .map(({ data }) => JSON.parse(data) as Told);
  };
  const firings = async (id: string, atLeast: number): Promise<Told[]> =>
    eventually(async () => {
      const found = await told('fired', id);
      expect(found.length).toBeGreaterThanOrEqual(atLeast);
      return found;
    });
  /** Takes what lies in an inbox until there are so many. */
  const receive = async ({ did }: TestAgent, count: number): Promise<string[]> => {
    const authorization = await doors.iam.bearer(did);
    const ids: string[] = [];
    await eventually(async () => {
      const answer = await ask('GET', '/v1/inbox?count=100', authorization);
      const { items } = (await answer.json()) as OperationOutput<'inbox.fetch'>;
      ids.push(...items.map(({ id }) => id));
      expect(ids.length).toBeGreaterThanOrEqual(count);
    });
    return ids;
  };

  it('for one time / is made at a door, fires once at it, and is gone', async () => {
    const agent = await newcomer();
    const authorization = await doors.iam.bearer(agent.did);
    const at = new Date(Date.now() + 700).toISOString();
    const body = { message: toSelf(agent), at, name: 'soon' };
    const answer = await ask('POST', '/v1/schedules', authorization, body, { 'idempotency-key': 'k' });
    const made = (await answer.json()) as Schedule;
    expect([answer.status, made]).toMatchObject([201, { name: 'soon', at, nextAt: at, status: 'active' }]);
    const again = await ask('POST', '/v1/schedules', authorization, body, { 'idempotency-key': 'k' });
    expect(await again.json()).toEqual(made);
    const shown = await ask('GET', `/v1/schedules/${made.id}`, authorization);
    expect(await shown.json()).toMatchObject({ id: made.id, message: { payload: { tick: true } } });
    const [fired] = await firings(made.id, 1);
    expect(fired).toMatchObject({ plannedAt: at, owner: `agent:${agent.did}` });
    expect(await receive(agent, 1)).toEqual([fired!.messageId]);
    await eventually(async () => {
      const gone = await ask('GET', `/v1/schedules/${made.id}`, authorization);
      expect(gone.status).toBe(404);
    });
    expect(await told('created', made.id)).toHaveLength(1);
  });

  it('several at the same time / fire once each, and no job holds a payload', async () => {
    const agent = await newcomer();
    const authorization = await doors.iam.bearer(agent.did);
    const at = new Date(Date.now() + 2_000).toISOString();
    const message = { ...toSelf(agent), payload: 'a-secret-payload' };
    const made = await Promise.all(
      Array.from({ length: 20 }, () => ask('POST', '/v1/schedules', authorization, { message, at })),
    );
    expect(made.map(({ status }) => status)).toEqual(made.map(() => 201));
    for (const key of await doors.redis.keys('cc:{bus.schedules}:firings:sch_*'))
      expect(JSON.stringify(await doors.redis.hgetall(key))).not.toContain('a-secret-payload');
    expect(new Set(await receive(agent, 20)).size).toBe(20);
    expect((await ask('GET', '/v1/inbox', authorization)).status).toBe(200);
  });

  it('while Redis is killed and comes back / fires once for each planned time', async () => {
    const agent = await newcomer();
    const id = await everySecond(agent);
    await firings(id, 1);
    await doors.bench.redis.durable.kill9();
    const before = (await eventually(() => told('fired', id))).length;
    const found = await firings(id, before + 2);
    const times = new Set(found.map(({ plannedAt }) => plannedAt));
    const messages = new Set(found.map(({ messageId }) => messageId));
    expect(messages.size).toBe(times.size);
    const received = await receive(agent, messages.size);
    expect(new Set(received).size).toBe(received.length);
    expect(received).toEqual(expect.arrayContaining([...messages]));
    await ask('DELETE', `/v1/schedules/${id}`, doors.authorization.admin);
  });

  it('whose owner is suspended / is skipped from then on, which is told in the trail', async () => {
    const agent = await newcomer();
    const id = await everySecond(agent);
    await firings(id, 1);
    await doors.iam.changeAgent(AgentSuspended, agent.did, { status: 'suspended' }, { reason: 'x' });
    await eventually(async () => expect((await told('skipped', id)).length).toBeGreaterThan(1));
    const skipped = await told('skipped', id);
    expect(skipped[0]).toMatchObject({ code: 'CREDENTIAL_INVALID', refusals: 1, paused: false });
    const last = Math.max(...(await told('fired', id)).map(({ plannedAt }) => Date.parse(plannedAt)));
    expect(Date.parse(skipped[0]!.plannedAt)).toBeGreaterThan(last);
    const gone = await ask('DELETE', `/v1/schedules/${id}`, doors.authorization.admin);
    expect([gone.status, await told('deleted', id)]).toMatchObject([200, [{ scheduleId: id }]]);
  });

  it('that cannot be / are refused with the place', async () => {
    const message = toSelf(doors.agent);
    const refusalOf = async (times: object) =>
      problemOf(await ask('POST', '/v1/schedules', doors.authorization.agent, { message, ...times }));
    expect(await refusalOf({ cron: '0 25 * * *' })).toMatchObject({
      code: 'SCHEDULE_TIME_INVALID',
      errors: [{ pointer: '/cron', message: expect.stringContaining('field 2 (hour)') as string }],
    });
    for (const times of [
      {},
      { cron: '* * * * *', everySeconds: 60 },
      { everySeconds: 9 },
      { everySeconds: 60, timezone: 'UTC' },
      { at: '2100-01-01T00:00:00Z', until: '2100-01-01T00:00:00Z' },
    ])
      expect([times, (await refusalOf(times)).code]).toEqual([times, 'INPUT_INVALID']);
  });
});
