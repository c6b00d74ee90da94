import {
  AgentErased,
  AuditLabelsDeclared,
  MemoryWritten,
  MessageAccepted,
  MessageDelivered,
  type OperationRequest,
  type Principal,
} from '@concordat/contracts';
import { administrator, agentPrincipal, eventually, newAgent, plainMessage } from '@concordat/testing';
import { type AuditBench, startAuditBench } from '../testing/audit-bench';

jest.setTimeout(60_000);

const [alice, bob, carol] = [newAgent().did, newAgent().did, newAgent().did];
type Search = OperationRequest<'audit.messages'>;
type Label = OperationRequest<'audit.setLabels'>['labels'][number];

describe('searches of the audit trail', () => {
  let audit: AuditBench;
  let counter = 0;

  beforeAll(async () => {
    audit = await startAuditBench();
    for (let i = 0; i < 3; i++) {
      await send(alice, bob, { correlationId: 'talk' });
      await send(bob, alice, { correlationId: 'talk', type: 'RESPONSE', priority: 'URGENT' });
    }
    await send(alice, carol);
  });
  afterAll(() => audit.stop());

  const caught = async (...sources: string[]): Promise<void> => {
    const heads = sources.map(async (name) => [name, (await audit.log.head(name))!.at] as const);
    const minPosition = Object.fromEntries(await Promise.all(heads));
    await audit.caller.call('audit.key', {}, { minPosition });
  };
  const send = async (from: string, to: string, over: object = {}, tenant = 'default'): Promise<string> => {
    const messageId = `msg-1-0-0199f1c2-7b3a-7c4d-8e5f-${String(++counter).padStart(12, '0')}`;
    const data = {
      ...{ ...plainMessage, messageId, from, to, type: 'COMMAND', priority: 'NORMAL', payload: {} },
      ...over,
    };
    const bus = audit.feed('bus.0');
    const common = { tenant, correlation: data.correlationId ?? null, traceparent: null };
    await bus.append({ ...common, spec: MessageAccepted, actor: `agent:${from}`, data });
    if (to !== carol)
      await bus.append({
        ...{ ...common, spec: MessageDelivered, actor: `agent:${to}` },
        data: { messageId, from, to, attempt: 1 },
      });
    await caught('bus.0');
    return messageId;
  };
  const messages = async (input: Search, principal: Principal = administrator()) =>
    (await audit.caller.call('audit.messages', input, { principal })).output.items;
  const count = async (input: Search, principal?: Principal): Promise<number> =>
    (await messages(input, principal)).length;

  it('tell sender and receiver apart, take several values, and either order', async () => {
    expect(await count({ fromAgent: alice })).toBe(4);
    expect(await count({ toAgent: alice })).toBe(3);
    expect(await count({ fromAgent: alice, toAgent: carol })).toBe(1);
    expect(await count({ priority: 'URGENT' })).toBe(3);
    expect(await count({ priority: 'URGENT,NORMAL' })).toBe(7);
    expect(await count({ type: 'COMMAND,RESPONSE', status: 'PENDING' })).toBe(1);
    const [asc, desc] = [await messages({ order: 'asc' }), await messages({})];
    expect(asc).toEqual(desc.toReversed());
    for (const status of ['NOTHING', 'PENDING,', ',', ''])
      await expect(messages({ status })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('go through all pages in both directions, and only with the filters that they began with', async () => {
    const ask = async (input: Search) => (await audit.caller.call('audit.messages', input)).output;
    for (const order of ['asc', 'desc'] as const) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await ask({ agent: alice, order, limit: 2, cursor });
        seen.push(...page.items.map(({ messageId }) => messageId));
        cursor = page.nextCursor ?? undefined;
        if (cursor)
          for (const other of [{ agent: bob, order }, { agent: alice, order: 'asc' }, { order }] as const)
            if (other.agent !== alice || order === 'desc')
              await expect(ask({ ...other, cursor })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      } while (cursor);
      expect(seen).toEqual((await messages({ agent: alice, order })).map(({ messageId }) => messageId));
    }
  });

  it('find events by persona, user and source', async () => {
    const vault = audit.publisher('vault');
    const user = '01890000-0000-7000-8000-000000000001';
    await vault.publish([
      { type: MemoryWritten.type, subject: alice, data: {}, actor: `user:${user}` },
      { type: MemoryWritten.type, subject: 'communal', data: {}, actor: `agent:${alice}` },
    ]);
    await caught('vault');
    const events = async (input: OperationRequest<'audit.events'>) =>
      (await audit.caller.call('audit.events', input)).output.items.map(({ subject }) => subject);
    expect(await events({ persona: alice })).toEqual([alice]);
    expect(await events({ persona: 'communal' })).toEqual(['communal']);
    expect(await events({ user })).toEqual([alice]);
    expect(await events({ source: '/concordat/vault', order: 'asc' })).toEqual([alice, 'communal']);
    expect(await events({ source: '/concordat/vault', from: '2020-01-01T00:00:00Z' })).toHaveLength(2);
  });

  it('give a conversation in order, messages and events, page by page', async () => {
    const page = async (cursor?: string, principal: Principal = administrator()) =>
      (
        await audit.caller.call(
          'audit.conversation',
          { correlationId: 'talk', limit: 5, ...(cursor && { cursor }) },
          { principal },
        )
      ).output;
    const [all, events]: [string[], number[]] = [[], []];
    let cursor: string | undefined;
    do {
      const next = await page(cursor);
      all.push(...next.messages.map(({ messageId }) => messageId));
      events.push(...next.events.map(({ logIndex }) => logIndex));
      cursor = next.nextCursor ?? undefined;
    } while (cursor);
    const expected = await messages({ correlationId: 'talk', order: 'asc' });
    expect(all).toEqual(expected.map(({ messageId }) => messageId));
    expect(all).toHaveLength(6);
    expect(events).toHaveLength(12);
    expect(events).toEqual(events.toSorted((a, b) => a - b));
    const stranger = await page(undefined, agentPrincipal(carol));
    expect(stranger).toMatchObject({ messages: [], events: [], nextCursor: null });
    expect(await page(undefined, administrator('acme'))).toMatchObject({ messages: [], events: [] });
  });

  it('give the history of an agent: sent, received, both', async () => {
    const history = async (direction?: 'sent' | 'received', principal: Principal = administrator()) => {
      const input = { did: alice, ...(direction && { direction }) };
      return (await audit.caller.call('audit.history', input, { principal })).output.items.length;
    };
    expect([await history('sent'), await history('received'), await history()]).toEqual([4, 3, 7]);
    expect(await history(undefined, agentPrincipal(carol))).toBe(1);
    expect(await history(undefined, administrator('acme'))).toBe(0);
  });

  it('count what concerns whom', async () => {
    const window = { from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' };
    const statistics = async (principal: Principal, agent?: string) =>
      (await audit.caller.call('audit.statistics', { ...window, agent }, { principal })).output;
    const seen = await statistics(administrator());
    expect(seen).toMatchObject({ messages: 7, byStatus: { DELIVERED: 6, PENDING: 1 }, errorRate: 0 });
    expect(seen.topSenders[0]).toEqual({ agent: alice, messages: 4 });
    expect(seen.delivery).toMatchObject({ timed: 6, relativeError: 0.01 });
    expect(await statistics(administrator('acme'))).toMatchObject({ messages: 0, errorRate: null });
    expect(await statistics(agentPrincipal(carol))).toMatchObject({ messages: 1, topSenders: [] });
    expect(await statistics(administrator(), bob)).toMatchObject({ messages: 6 });
    for (const input of [statistics(agentPrincipal(carol), alice)])
      await expect(input).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    const backwards = { from: window.to, to: window.from };
    await expect(audit.caller.call('audit.statistics', backwards)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });

  const declare = (labels: Label[], principal: Principal = administrator()) =>
    audit.caller.call('audit.setLabels', { labels }, { principal });

  it('find messages by declared labels, of their tenant, until the sender is erased', async () => {
    const order: Label = { messageType: 'EVENT', name: 'order', pointer: '/order/id' };
    await declare([order]);
    const { labels } = (await audit.caller.call('audit.labels', {})).output;
    expect(labels).toEqual([order]);
    const payload = { order: { id: 'o-4711' }, secret: 'Kanarienvogel' };
    const dave = newAgent().did;
    const id = await send(dave, bob, { type: 'EVENT', payload });
    await send(dave, bob, { type: 'EVENT', payload: { order: { id: 'other' } } });
    await send(dave, bob, { type: 'EVENT', payload }, 'acme');
    const found = async (text: string) =>
      (await messages({ labels: text })).map(({ messageId }) => messageId);
    expect(await found('{"order":"o-4711"}')).toEqual([id]);
    expect(await found('{"order":"o"}')).toEqual([]);
    // The other tenant declared nothing; and nobody reaches the tenant of another by a label.
    expect(await count({ labels: '{"order":"o-4711"}' }, administrator('acme'))).toBe(0);
    expect(await count({ labels: '{"~":"default"}' }, administrator('acme'))).toBe(0);
    for (const text of ['{}', '[]', '{', '{"order":null}', '{"order":{}}', '"x"'])
      await expect(messages({ labels: text })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await eventually(async () => {
      const { items } = (await audit.caller.call('audit.events', { type: AuditLabelsDeclared.type })).output;
      expect(items).toMatchObject([{ data: { labels: [order] } }]);
    });
    await audit.publisher('iam').publish([{ type: AgentErased.type, subject: dave, data: { did: dave } }]);
    await caught('iam');
    expect(await found('{"order":"o-4711"}')).toEqual([]);
    const rows = await audit.rows<object>(`SELECT FROM message_audit_log WHERE labels IS NOT NULL`);
    expect(rows).toEqual([]);
  });
});
