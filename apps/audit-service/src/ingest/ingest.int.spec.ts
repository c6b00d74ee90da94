import {
  AgentRevoked,
  type EventEnvelope,
  HandshakeRefused,
  MessageAccepted,
  MessagesDelivered,
  MessagesFailed,
  MessagesReplayed,
  MessagesSent,
  type Position,
  type Positions,
  RequestRefused,
} from '@concordat/contracts';
import { type Feed, streamKeys } from '@concordat/streams';
import { administrator, eventually, newAgent, plainMessage } from '@concordat/testing';
import { SpanKind } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { type AuditBench, startAuditBench } from '../testing/audit-bench';
import type { Draft } from '../testing/chained-publisher';

const revoked = (reason: string): Draft => {
  const { did } = newAgent();
  return { type: AgentRevoked.type, subject: did, data: { did, reason } };
};

jest.setTimeout(30_000);

describe('audit-service, fed by all sources', () => {
  let audit: AuditBench;

  beforeAll(async () => {
    audit = await startAuditBench();
  });
  afterAll(() => audit.stop());

  const count = async (table: string, where = 'true'): Promise<number> =>
    Number((await audit.rows<{ count: string }>(`SELECT count(*) FROM ${table} WHERE ${where}`))[0]!.count);
  const head = async (source: string): Promise<Position> => (await audit.log.head(source))!.at;
  const caught = async (...sources: string[]) =>
    Object.fromEntries(await Promise.all(sources.map(async (name) => [name, await head(name)] as const)));
  const refuse = (feed: Feed, caller: string, over: object = {}) =>
    feed.append({
      ...{
        spec: RequestRefused,
        tenant: 'default',
        actor: 'anonymous',
        correlation: null,
        traceparent: null,
      },
      data: { operation: 'agent.list', code: 'CREDENTIAL_INVALID', caller, count: 1 },
      ...over,
    });

  it('puts every event of every kind of source into the log, once', async () => {
    const iam = audit.publisher('iam');
    const published = await iam.publish(Array.from({ length: 700 }, (_, i) => revoked(`r${i}`)));
    const [feed, partition] = [audit.feed('bus.feed'), audit.feed('bus.3')];
    await Promise.all(Array.from({ length: 50 }, (_, i) => refuse(feed, `c${i}`)));
    await Promise.all(Array.from({ length: 50 }, (_, i) => refuse(partition, `p${i}`)));
    const minPosition = await caught('iam', 'bus.feed', 'bus.3');
    // Eight hundred may take longer than a caller waits.
    const { output } = await eventually(() =>
      audit.caller.call('audit.events', { limit: 1 }, { minPosition }),
    );
    expect(output.items).toHaveLength(1);
    // The query above is an event, too.
    expect(await count('audit_events', "source <> '/concordat/audit.feed'")).toBe(800);
    expect(await count('log_entries', "event_id NOT LIKE 'audit.feed:%'")).toBe(800);
    const rows = await audit.rows<{ event_id: string }>(
      "SELECT event_id FROM audit_events WHERE source = '/concordat/iam' ORDER BY log_index",
    );
    expect(rows.map(({ event_id }) => event_id)).toEqual(published.map(({ id }) => id));
    expect(await count('ingest_alarms')).toBe(0);
  });

  it('tells the sources up to where it has stored everything, so that they can be trimmed', async () => {
    await eventually(async () => {
      expect(await audit.redis.hget(streamKeys.cursors('iam'), 'audit')).toBe('1763640000000-700');
      expect(await audit.redis.hget(streamKeys.cursors('vault'), 'audit')).toBe('0-0');
    });
  });

  it('keeps the trace of an event', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    await refuse(audit.feed('bus.feed'), 'traced', { traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
    const options = { minPosition: await caught('bus.feed') };
    const { output } = await audit.caller.call('audit.events', { subject: 'traced' }, options);
    expect(output.items[0]).toMatchObject({ traceId, type: RequestRefused.type, data: { caller: 'traced' } });
  });

  it('links the span of a batch to what caused its events', async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    provider.register();
    const causes = Array.from({ length: 200 }, (_, i) => (i + 1).toString(16).padStart(32, '0'));
    const feed = audit.feed('bus.feed');
    await Promise.all(
      causes.map((id) => refuse(feed, 'cause', { traceparent: `00-${id}-00f067aa0ba902b7-01` })),
    );
    await audit.caller.call('audit.key', {}, { minPosition: await caught('bus.feed') });
    const spans = exporter.getFinishedSpans().filter(({ name }) => name === 'process audit.ingest');
    expect(spans.every(({ kind, links }) => kind === SpanKind.CONSUMER && links.length <= 128)).toBe(true);
    const linked = new Set(spans.flatMap(({ links }) => links.map(({ context }) => context.traceId)));
    expect(linked.size).toBeGreaterThanOrEqual(128);
    expect(causes.filter((id) => linked.has(id)).length).toBeGreaterThanOrEqual(128);
    await provider.shutdown();
  });

  describe('the life of a message', () => {
    const [alice, bob] = [newAgent().did, newAgent().did];
    let counter = 0;
    const messageId = () => `msg-1-0-0199f1c2-7b3a-7c4d-8e5f-${String(++counter).padStart(12, '0')}`;
    const events = (id: string) => {
      const life = { messageId: id, from: alice, to: bob };
      const together = (over: object) => ({ to: bob, items: [{ messageId: id, from: alice, ...over }] });
      return {
        accepted: {
          spec: MessageAccepted,
          data: {
            ...{ ...plainMessage, ...life, type: 'COMMAND', priority: 'HIGH' },
            ...{ correlationId: 'order-1', replyTo: alice, ttlSeconds: 60, payload: { task: id } },
          },
        },
        sent: (attempt: number, over = {}) => ({ spec: MessagesSent, data: together({ attempt, ...over }) }),
        replayed: { spec: MessagesReplayed, data: together({ attempt: 5, replay: 1 }) },
        delivered: { spec: MessagesDelivered, data: together({ attempt: 2 }) },
        failed: { spec: MessagesFailed, data: together({ attempt: 5, error: 'given up\u0000' }) },
      };
    };
    const tell = async (...list: { spec: object; data: object }[]): Promise<void> => {
      const partition = audit.feed('bus.0');
      for (const event of list) await refuse(partition, '', event);
      // Batches of their own, so that the rows meet in the database and not before it.
      await audit.caller.call('audit.key', {}, { minPosition: await caught('bus.0') });
    };
    const message = async (id: string) => {
      const { output } = await audit.caller.call('audit.messages', { limit: 500 });
      return output.items.find((item) => item.messageId === id);
    };

    it('is followed from its acceptance to its end', async () => {
      const id = messageId();
      const { accepted, sent, delivered } = events(id);
      await tell(accepted);
      expect(await message(id)).toMatchObject({
        ...{ from: alice, to: bob, type: 'COMMAND', priority: 'HIGH', status: 'PENDING', retryCount: 0 },
        ...{ payload: { task: id }, correlationId: 'order-1', replyTo: alice },
        ...{ ttlSeconds: 60, deliveredAt: null },
      });
      await tell(sent(1));
      expect(await message(id)).toMatchObject({ status: 'SENT', retryCount: 0 });
      await tell(sent(2), delivered);
      expect(await message(id)).toMatchObject({
        ...{ status: 'DELIVERED', retryCount: 1, error: null },
        deliveredAt: expect.any(String) as string,
      });
    });

    it('is the same when its events come in the opposite order', async () => {
      const id = messageId();
      const { accepted, sent, delivered } = events(id);
      await tell(delivered);
      expect(await message(id)).toBeUndefined();
      await tell(sent(2));
      await tell(sent(1));
      await tell(accepted);
      expect(await message(id)).toMatchObject({ status: 'DELIVERED', retryCount: 1, payload: { task: id } });
    });

    it('keeps the reason of its failure, although PostgreSQL cannot store every character of it', async () => {
      const id = messageId();
      const { accepted, failed } = events(id);
      await tell(failed, accepted);
      expect(await message(id)).toMatchObject({ status: 'FAILED', retryCount: 4, error: 'given up\ufffd' });
    });

    it('is under way again when it was replayed, wherever its failure comes', async () => {
      const [early, late] = [events(messageId()), events(messageId())];
      await tell(early.accepted, late.accepted, early.failed);
      await tell(early.replayed, late.replayed);
      await tell(late.failed);
      for (const { data } of [early.accepted, late.accepted])
        expect(await message(data.messageId)).toMatchObject({ status: 'PENDING', error: null });
      await tell(early.sent(1, { replay: 1 }));
      expect(await message(early.accepted.data.messageId)).toMatchObject({ status: 'SENT', error: null });
    });
  });

  describe('a source that is not in order', () => {
    const alarms = (source: string) =>
      audit.rows<{ kind: string; position: string }>(
        `SELECT kind, position FROM ingest_alarms WHERE source = '${source}' ORDER BY position`,
      );
    const xadd = async (source: string, id: string, over: Partial<Record<string, string>>): Promise<void> => {
      const fields = {
        ...{
          ce_specversion: '1.0',
          ce_id: `${source}:${id.replace('-', ':')}`,
          ce_type: RequestRefused.type,
        },
        ...{ ce_source: `/concordat/${source}`, ce_subject: 's', ce_time: new Date().toISOString() },
        ...{ tenant: 'default', actor: 'a', stream: '', version: '0', prev: '0-0', data: '{}', ...over },
      };
      await audit.redis.xadd(streamKeys.events(source), id, ...Object.entries(fields).flat());
    };

    it('is read on after a gap, with an alarm', async () => {
      await xadd('iam.feed', '7-5', { ce_type: HandshakeRefused.type, prev: '7-4' });
      await eventually(async () => {
        expect(await alarms('iam.feed')).toEqual([{ kind: 'gap', position: '5' }]);
        expect(await count('audit_events', "event_id = 'iam.feed:7:5'")).toBe(1);
      });
    });

    it('does not get entries in that are no events of it, and goes on behind them', async () => {
      const bad: Partial<Record<string, string>>[] = [
        // An event of iam-service, on a stream that anybody can write: it would take the place of the true one.
        { ce_id: 'iam:1:1', ce_source: '/concordat/iam', ce_type: AgentRevoked.type },
        { ce_source: '/concordat/iam' },
        { ce_type: AgentRevoked.type },
        { ce_type: 'x'.repeat(70_000) },
        { tenant: 'Not A Tenant' },
        { ce_time: 'yesterday' },
        { ce_subject: 'a\0b' },
        { data: '{"deep":'.repeat(40) + '1' + '}'.repeat(40) },
        { data: 'no json' },
        { ce_type: MessagesSent.type, data: '{}' },
      ];
      let prev = '0-0';
      for (const [i, over] of bad.entries()) {
        const id = `1-${i + 1}`;
        await xadd('bus.2', id, { prev, ...over });
        prev = id;
      }
      await xadd('bus.2', '1-11', { prev });
      await eventually(async () => {
        expect(await count('audit_events', "event_id = 'bus.2:1:11'")).toBe(1);
      });
      const kept = await alarms('bus.2');
      expect(kept.map(({ position }) => position)).toEqual(bad.map((_, i) => String(i + 1)));
      expect(new Set(kept.map(({ kind }) => kind))).toEqual(new Set(['malformed']));
      expect(await count('audit_events', "source = '/concordat/bus.2'")).toBe(1);
    });

    it('stands still before a forged entry, loudly, while the others go on', async () => {
      const vault = audit.publisher('vault');
      const data = { persona: newAgent().did, grantee: newAgent().did };
      const draft = { type: 'concordat.vault.consent.withdrawn.v1', subject: data.persona, data };
      const [good] = (await vault.publish([draft])) as [EventEnvelope];
      await xadd('vault', `${good.at.epoch}-2`, {
        ...{
          prev: `${good.at.epoch}-1`,
          prev_hash: good.hash!,
          hash: good.hash!,
          sig: JSON.stringify(good.signatures),
        },
      });
      await eventually(async () =>
        expect(await alarms('vault')).toEqual([{ kind: 'forgery', position: '2' }]),
      );
      await refuse(audit.feed('bus.feed'), 'beside the forgery');
      await refuse(audit.feed('bus.1'), 'beside the forgery');
      const minPosition = await caught('bus.feed', 'bus.1');
      const { output } = await audit.caller.call(
        'audit.events',
        { subject: 'beside the forgery' },
        { minPosition },
      );
      expect(output.items).toHaveLength(2);
      expect(await count('audit_events', "source = '/concordat/vault'")).toBe(1);
      expect((await audit.checks())['ingest']).toMatchObject({
        ok: false,
        detail: expect.stringContaining('stands still: vault') as string,
      });
    });
  });

  it('makes a reader wait for what it has seen elsewhere, and says when it is not there', async () => {
    const beyond = { 'bus.feed': { epoch: Number.MAX_SAFE_INTEGER, position: 1 } };
    const begun = performance.now();
    const early = (minPosition: Positions) =>
      audit.caller.call('audit.events', {}, { minPosition, isPatient: false });
    await expect(early(beyond)).rejects.toMatchObject({ code: 'POSITION_NOT_REACHED' });
    expect(performance.now() - begun).toBeLessThan(5_000);
    await expect(early({ unheard: { epoch: 1, position: 1 } })).rejects.toMatchObject({
      code: 'POSITION_NOT_REACHED',
    });
  });

  it('shows a tenant nothing of another', async () => {
    await refuse(audit.feed('bus.feed'), 'apiKey:1', { tenant: 'acme' });
    const minPosition = await caught('bus.feed');
    const principal = administrator('acme');
    const { output } = await audit.caller.call('audit.events', {}, { principal, minPosition });
    expect(output.items.map(({ subject }) => subject)).toEqual(['apiKey:1']);
  });
});
