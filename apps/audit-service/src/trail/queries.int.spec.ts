import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AgentRevoked,
  AgentSuspended,
  type InclusionBundle,
  MessageAccepted,
  MessageDelivered,
  type OperationRequest,
  type Principal,
  TrailQueried,
} from '@concordat/contracts';
import { verifyInclusionBundle } from '@concordat/crypto';
import {
  administrator,
  agentPrincipal,
  eventually,
  filesBelow,
  newAgent,
  plainMessage,
} from '@concordat/testing';
import { type AuditBench, startAuditBench } from '../testing/audit-bench';
import type { ChainedPublisher } from '../testing/chained-publisher';

jest.setTimeout(60_000);

const [alice, bob, carol] = [newAgent().did, newAgent().did, newAgent().did];
const canary = 'Kanarienvogel-4711';

describe('queries of the audit trail', () => {
  let audit: AuditBench;
  let iam: ChainedPublisher;
  let counter = 0;
  const messageIds: string[] = [];

  beforeAll(async () => {
    audit = await startAuditBench();
    const bus = audit.feed('bus.0');
    const send = async (
      from: string,
      to: string,
      tenant = 'default',
      correlationId = 'talk',
    ): Promise<void> => {
      const id = `msg-1-0-0199f1c2-7b3a-7c4d-8e5f-${String(++counter).padStart(12, '0')}`;
      if (tenant === 'default') messageIds.push(id);
      const life = { messageId: id, from, to };
      const common = { tenant, correlation: correlationId, traceparent: null };
      const payload = { secret: canary, number: counter };
      await bus.append({
        ...{ ...common, spec: MessageAccepted, actor: `agent:${from}` },
        data: {
          ...{ ...plainMessage, ...life, type: 'COMMAND', priority: 'NORMAL', correlationId, payload },
        },
      });
      await bus.append({
        ...common,
        spec: MessageDelivered,
        actor: `agent:${to}`,
        data: { ...life, attempt: 1 },
      });
    };
    for (let i = 0; i < 12; i++) await send(alice, bob);
    await send(bob, carol, 'default', 'other-talk');
    await send(alice, bob, 'acme');
    iam = audit.publisher('iam');
    await iam.publish([
      { type: AgentRevoked.type, subject: carol, data: { did: carol, reason: 'x' }, actor: 'apiKey:1' },
    ]);
    const minPosition = {
      'bus.0': (await audit.log.head('bus.0'))!.at,
      iam: (await audit.log.head('iam'))!.at,
    };
    await audit.caller.call('audit.key', {}, { minPosition });
  });
  afterAll(() => audit.stop());

  const messages = async (
    input: OperationRequest<'audit.messages'> = {},
    principal: Principal = administrator(),
  ) => (await audit.caller.call('audit.messages', input, { principal })).output;
  const events = async (
    input: OperationRequest<'audit.events'> = {},
    principal: Principal = administrator(),
  ) => (await audit.caller.call('audit.events', input, { principal })).output;
  const prove = async (eventId: string, principal: Principal = administrator()): Promise<InclusionBundle> =>
    (await audit.caller.call('audit.inclusionProof', { eventId }, { principal })).output;
  const errorOf = (task: Promise<unknown>): Promise<unknown> => task.catch((error: unknown) => error);

  it('gives messages newest first, page by page, none twice and none left out', async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await messages({ limit: 5, ...(cursor ? { cursor } : {}) });
      seen.push(...page.items.map(({ messageId }) => messageId));
      cursor = page.nextCursor ?? undefined;
      if (cursor) expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
    } while (cursor);
    expect(seen).toEqual(messageIds.toReversed());
  });

  it('finds what was done with the right of another by either of the two, and by both', async () => {
    const [acting, owner] = [newAgent().did, newAgent().did];
    const actor = `agent:${acting};for=agent:${owner}`;
    const [type, did] = [AgentSuspended.type, newAgent().did];
    const common = { type, data: { did, reason: 'x' }, subject: did };
    await iam.publish([
      { ...common, actor },
      { ...common, actor: `agent:${acting}x` },
    ]);
    const minPosition = { iam: (await audit.log.head('iam'))!.at };
    await audit.caller.call('audit.key', {}, { minPosition });
    const actorsOf = async (...asked: Parameters<typeof events>): Promise<(string | null)[]> =>
      (await events(...asked)).items.map((item) => item.actor);
    for (const name of [`agent:${acting}`, `agent:${owner}`, actor])
      expect([name, await actorsOf({ actor: name })]).toEqual([name, [actor]]);
    for (const name of [acting, `agent:${acting.slice(0, -1)}`, 'agent:%', '%;for=%', ''])
      expect([name, await actorsOf({ actor: name })]).toEqual([name, []]);
    for (const reader of [acting, owner])
      expect(await actorsOf({ type }, agentPrincipal(reader))).toEqual([actor]);
    expect(await actorsOf({ type }, agentPrincipal(acting, 'acme'))).toEqual([]);
  });

  it('gives events newest first, page by page, although new ones arrive meanwhile', async () => {
    const seen: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await events({ limit: 4, type: MessageAccepted.type, ...(cursor ? { cursor } : {}) });
      seen.push(...page.items.map(({ logIndex }) => logIndex));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(seen).toHaveLength(13);
    expect(seen).toEqual(seen.toSorted((a, b) => b - a));
  });

  it('refuses cursors that it did not give', async () => {
    for (const cursor of ['nonsense', 'e30'])
      await expect(messages({ cursor })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('filters messages', async () => {
    const count = async (input: OperationRequest<'audit.messages'>) => (await messages(input)).items.length;
    expect(await count({ agent: carol })).toBe(1);
    expect(await count({ agent: bob })).toBe(13);
    expect(await count({ correlationId: 'other-talk' })).toBe(1);
    expect(await count({ status: 'DELIVERED' })).toBe(13);
    expect(await count({ status: 'FAILED' })).toBe(0);
    expect(await count({ type: 'QUERY' })).toBe(0);
    const [first] = (await messages({ limit: 1 })).items;
    expect(await count({ from: first!.timestamp })).toBeGreaterThan(0);
    expect(await count({ to: '2020-01-01T00:00:00Z' })).toBe(0);
  });

  it('filters events', async () => {
    const items = async (input: OperationRequest<'audit.events'>) => (await events(input)).items;
    const [revoked] = await items({ subject: carol });
    expect(revoked).toMatchObject({
      ...{ type: AgentRevoked.type, source: '/concordat/iam', subject: carol, actor: 'apiKey:1' },
      data: { did: carol, reason: 'x' },
    });
    expect(await items({ actor: 'apiKey:1' })).toEqual([revoked]);
    expect(await items({ correlationId: 'other-talk' })).toHaveLength(2);
    expect(await items({ type: AgentRevoked.type, from: '2020-01-01T00:00:00Z' })).toEqual([revoked]);
    expect(await items({ to: '2020-01-01T00:00:00Z' })).toEqual([]);
  });

  it('keeps tenants apart', async () => {
    const acme = administrator('acme');
    expect((await messages({}, acme)).items).toHaveLength(1);
    expect((await messages({}, administrator('empty'))).items).toEqual([]);
    const [mine] = (await events({ type: MessageAccepted.type }, acme)).items;
    expect(await prove(mine!.id, acme)).toMatchObject({ eventId: mine!.id });
    const foreign = await errorOf(prove(mine!.id));
    expect(foreign).toMatchObject({ code: 'EVENT_UNKNOWN' });
    expect(foreign).toEqual(await errorOf(prove('bus.0:1:1')));
  });

  it('shows an agent what concerns it, and nothing else', async () => {
    const asCarol = agentPrincipal(carol);
    expect((await messages({}, asCarol)).items.map(({ from, to }) => [from, to])).toEqual([[bob, carol]]);
    expect((await messages({ agent: alice }, asCarol)).items).toEqual([]);
    // Those about carol, and those that carol caused: the revocation, one acknowledgement, and her own queries.
    const own = await eventually(async () => {
      const { items } = await events({}, asCarol);
      expect(items.map(({ type }) => type)).toContain(TrailQueried.type);
      return items;
    });
    for (const { subject, actor } of own)
      expect([carol, `agent:${carol}`].some((name) => name === subject || name === actor)).toBe(true);
    expect(own.map(({ type }) => type)).toEqual(
      expect.arrayContaining([AgentRevoked.type, MessageDelivered.type]),
    );
    const [accepted] = (await events({ type: MessageAccepted.type })).items;
    const hidden = await errorOf(prove(accepted!.id, asCarol));
    expect(hidden).toEqual(await errorOf(prove('bus.0:1:1', asCarol)));
    expect(await prove(own.at(-1)!.id, asCarol)).toMatchObject({ eventId: own.at(-1)!.id });
  });

  it('puts every query into the trail, once, with the number of its results', async () => {
    const reader = administrator('default');
    const key = { ...reader, id: 'feedfeedfeedfeed' } as Principal;
    await messages({ limit: 3 }, key);
    await errorOf(prove('bus.0:1:1', key));
    await prove((await events({ limit: 1 }, key)).items[0]!.id, key);
    const recorded = await eventually(async () => {
      const { items } = await events({ actor: 'apiKey:feedfeedfeedfeed' });
      expect(items).toHaveLength(4);
      return items.map(({ data }) => data).toReversed();
    });
    const queried = (operation: string, results: number) => ({
      operation,
      reader: 'apiKey:feedfeedfeedfeed',
      results,
    });
    expect(recorded).toEqual([
      queried('audit.messages', 3),
      queried('audit.inclusionProof', 0),
      queried('audit.events', 1),
      queried('audit.inclusionProof', 1),
    ]);
  });

  it('holds no payload in clear: neither in a table nor in a file of the service', async () => {
    const tables = await audit.rows<{ table_name: string }>(
      "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
    );
    expect(tables.length).toBeGreaterThan(8);
    // Base64 of the text wherever it begins within a group of three bytes.
    const spellings = (text: string): string[] => [
      text,
      Buffer.from(text).toString('hex'),
      ...[0, 1, 2].map((at) =>
        Buffer.from('x'.repeat(at) + text)
          .toString('base64')
          .slice(at === 0 ? 0 : at + 1, -4),
      ),
    ];
    const find = async (text: string): Promise<string[]> => {
      const found: string[] = [];
      for (const { table_name: table } of tables) {
        const rows = await audit.rows<{ row: string }>(`SELECT t::text AS row FROM ${table} t`);
        const dump = rows.map(({ row }) => row).join('\n');
        if (spellings(text).some((spelling) => dump.includes(spelling))) found.push(table);
      }
      const folder = join(audit.bench.folder, 'audit');
      const files = filesBelow(folder).filter(({ bytes }) =>
        spellings(text).some((spelling) => bytes.includes(spelling)),
      );
      return [...found, ...files.map(({ name }) => name)];
    };
    expect(await find(canary)).toEqual([]);
    // The search would find it: what is stored in clear is found, in rows and in files.
    expect(await find(carol)).toEqual(
      expect.arrayContaining(['audit_events', 'message_audit_log', 'keys.db-wal']),
    );
    await audit.rows(`CREATE TABLE control AS SELECT '${Buffer.from(`x${canary}`).toString('hex')}' AS hex`);
    tables.push({ table_name: 'control' });
    expect(await find(canary)).toEqual(['control']);
  });

  it('forgets an erased subject: data and payloads are null, the proof of what remains still verifies', async () => {
    const [event] = (await events({ type: MessageAccepted.type, subject: alice, limit: 1 })).items;
    const before = await prove(event!.id);
    expect(before.disclosure!.event).toContain(canary);
    await audit.keystore().destroy('default', [`subject/${alice}`]);
    const after = await prove(event!.id);
    expect(after).toMatchObject({ disclosure: null, leaf: before.leaf });
    const vkey = readFileSync(audit.vkeyFile, 'utf8');
    for (const bundle of [before, after])
      expect(verifyInclusionBundle(bundle, vkey)).toMatchObject({ ok: true });
    expect((await events({ subject: alice })).items.every(({ data }) => data === null)).toBe(true);
    const [fromAlice] = (await messages({ agent: alice, limit: 1 })).items;
    expect(fromAlice).toMatchObject({ payload: null, from: alice });
    expect((await messages({ agent: carol })).items[0]!.payload).toMatchObject({ secret: canary });
  });

  it('shows the neighbours of a row that was changed', async () => {
    await audit.rows(
      `UPDATE message_audit_log SET payload = '\\x00' || substring(payload FROM 2) WHERE to_agent = '${carol}'`,
    );
    const { items } = await messages({ agent: bob });
    expect(items.find(({ to }) => to === carol)).toMatchObject({ payload: null });
    expect(items).toHaveLength(13);
  });
});
