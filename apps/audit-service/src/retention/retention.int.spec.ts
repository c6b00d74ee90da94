import { readFileSync } from 'node:fs';
import {
  AgentErased,
  HeldRowsDropped,
  LegalHoldPlaced,
  PartitionDropped,
  type Principal,
  RecordsDropped,
  RetentionChanged,
} from '@concordat/contracts';
import { verifyInclusionBundle } from '@concordat/crypto';
import { createLogger, type OperationContext } from '@concordat/runtime';
import { administrator, agentPrincipal, eventually } from '@concordat/testing';
import { askingOf, key } from '../governance/governance.fixture';
import { type AuditBench, startAuditBench } from '../testing/audit-bench';
import { Trail } from '../trail/trail';
import { runRetention } from './dropping';
import { alice, carol, dave, fillingOf } from './retention.fixture';
import { retentionHandlers } from './retention.handler';

jest.setTimeout(60_000);

const dayMs = 86_400_000;
const acme = administrator('acme');

describe('the retention of the audit log', () => {
  let audit: AuditBench;
  let trail: Trail;
  let nowMs = Date.now();
  let counter = 0;

  beforeAll(async () => {
    audit = await startAuditBench();
    trail = new Trail(audit.feed('audit.feed'));
  });
  afterAll(() => audit.stop());

  const clock = { now: () => new Date(nowMs), nowMs: () => nowMs };
  const logger = createLogger({ service: 'audit', instance: 'audit-1', level: 'silent' });
  const run = () => runRetention({ store: audit.store(), ownEvents: audit.ownEvents(), clock, logger });
  /** Time passes for the log, whose time is the latest that it has seen, and for retention. */
  const pass = async (ms: number): Promise<void> => {
    nowMs += ms;
    await audit.rows(`UPDATE log_state SET logged_at = '${new Date(nowMs).toISOString()}'`);
  };
  const contextOf = (principal: Principal): OperationContext => ({
    ...{ operation: 'audit.retention', principal, commandId: `by-hand-${++counter}`, minPosition: {} },
    ...{ conversation: null, traceparent: null, address: null },
  });
  /** The handlers, at the time of the log. */
  const ask = async (principal = administrator()) => {
    const ports = { store: audit.store(), ownEvents: audit.ownEvents(), trail, clock };
    const handlers = retentionHandlers({ ...ports, runSoon: async () => true });
    const { output } = await handlers['audit.runRetention']({ dryRun: true }, contextOf(principal));
    return output.partitions;
  };
  const { covered, refuse, idAt, accept, deliver, set, hold, eventsOf, toldOf, messagesFrom, placeOf } =
    fillingOf(() => audit);

  it('is 90 days for whom has set nothing', async () => {
    const { output } = await audit.caller.call('audit.retention', {});
    expect(output).toMatchObject({
      events: { keep: 90, since: null },
      messages: { keep: 90, since: null },
    });
    await refuse('before');
    expect(await placeOf('audit_events', "subject = 'before'")).toEqual([
      { name: expect.stringMatching(/^audit_events_d90_\d{4}_\d\d_\d\d$/) as string, retention_class: 'd90' },
    ]);
  });

  it('changes for what comes from then on, in one tenant, and the change is an event', async () => {
    const dry = await set({ events: 30, messages: 30, dryRun: true });
    expect((await audit.caller.call('audit.retention', {})).output.events.keep).toBe(90);
    const made = await set({ events: 30, messages: 30 });
    expect(made.events.keep).toBe(30);
    expect(Date.parse(made.events.since!)).toBeGreaterThanOrEqual(Date.parse(dry.events.since!));
    const early = await accept(idAt(nowMs), alice);
    await pass(120_000);
    const late = await accept(idAt(nowMs), alice);
    await deliver(early, alice);
    await refuse('after');
    await refuse('after', 'acme');
    for (const [id, name] of [
      [early, 'd90'],
      [late, 'd30'],
    ] as const)
      expect(await placeOf('message_audit_log', `message_id = '${id}'`)).toMatchObject([
        { retention_class: name },
      ]);
    const classes = await placeOf('audit_events', "subject = 'after'");
    expect(classes.map((row) => row.retention_class)).toEqual(['d30', 'd90']);
    expect(await toldOf(RetentionChanged.type)).toHaveLength(2);
    expect(await toldOf(RetentionChanged.type, acme)).toEqual([]);
    expect((await messagesFrom(alice)).map(({ status }) => status)).toEqual(['PENDING', 'DELIVERED']);
    await askingOf(() => audit).log(key('acme'));
  });

  it('counts messages with impossible ids from now, once', async () => {
    for (const ms of [0, nowMs + 7 * dayMs, 2 ** 48 - 1, nowMs - 400 * dayMs]) {
      const id = idAt(ms);
      await accept(id, carol);
      await deliver(id, carol);
      const places = await placeOf('message_audit_log', `message_id = '${id}'`);
      expect(places).toMatchObject([{ retention_class: 'd30' }]);
    }
    expect((await messagesFrom(carol)).map(({ status }) => status)).toEqual(Array(4).fill('DELIVERED'));
    const [there] = await audit.rows<{ n: number }>('SELECT count(*)::int AS n FROM retention_partitions');
    expect(there!.n).toBeLessThan(30);
  });

  describe('when its time is over', () => {
    let proofs: { id: string; leaf: string }[];
    let held: string;
    let would: Awaited<ReturnType<typeof ask>>;

    const prove = async (eventId: string, principal = administrator()) =>
      (await audit.caller.call('audit.inclusionProof', { eventId }, { principal })).output;

    it('a dry run shows what goes, and what a legal hold keeps', async () => {
      await refuse('kept');
      const ids = (await eventsOf({ correlationId: 'talk' })).map(({ id }) => id);
      proofs = await Promise.all(ids.map(async (id) => ({ id, leaf: (await prove(id)).leaf })));
      held = await hold({ reason: 'Case 4711', subject: 'kept' });
      await hold({ reason: 'Case 4712', subject: `agent:${carol}` });
      expect(await toldOf(LegalHoldPlaced.type)).toMatchObject([{ heldSubject: carol }, { id: held }]);
      expect(await ask()).toEqual([]);
      await pass(32 * dayMs);
      would = await ask();
      expect(would.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['events', 'messages']));
      expect(new Set(would.map(({ keep }) => keep))).toEqual(new Set([30]));
      const sum = (kind: string, of: 'rows' | 'heldRows') =>
        would.filter((one) => one.kind === kind).reduce((all, one) => all + one[of], 0);
      expect([sum('messages', 'rows'), sum('messages', 'heldRows')]).toEqual([1, 4]);
      expect(sum('events', 'heldRows')).toBe(9);
      expect(await ask(acme)).toEqual([]);
    });

    it('nothing goes by what was written into the list of partitions, other than what the tables are', async () => {
      await audit.rows('CREATE TABLE genuine AS SELECT name, from_time, to_time FROM retention_partitions');
      const { from } = would[0]!;
      for (const change of [
        "from_time = '2020-01-06Z', to_time = '2020-01-13Z'",
        "to_time = to_time - interval '1 hour'",
      ]) {
        await audit.rows(`UPDATE retention_partitions SET ${change}
          WHERE name LIKE 'audit_events_d30_%' AND from_time = '${from}'`);
        await expect(run()).rejects.toThrow('retention drops nothing');
        await audit.rows(`UPDATE retention_partitions AS p SET from_time = g.from_time, to_time = g.to_time
          FROM genuine AS g WHERE g.name = p.name`);
      }
      await audit.rows('DROP TABLE genuine');
      expect(await messagesFrom(carol)).toHaveLength(4);
    });

    it('a run that ends between its steps is gone on with, and drops exactly that', async () => {
      const store = audit.store();
      const work = jest.spyOn(store, 'work').mockRejectedValueOnce(new Error('the process ends here'));
      await expect(run()).rejects.toThrow('ends here');
      // The partitions are closed now: nothing is written into them, and everything can still be read.
      expect(await messagesFrom(carol)).toHaveLength(4);
      const transaction = jest
        .spyOn(audit.ownEvents(), 'transaction')
        .mockRejectedValueOnce(new Error('the process ends here'));
      await expect(run()).rejects.toThrow('ends here');
      expect(await messagesFrom(carol)).toHaveLength(4);
      await Promise.all([run(), run()]);
      work.mockRestore();
      transaction.mockRestore();
      const told = (await toldOf(PartitionDropped.type)) as Record<string, unknown>[];
      const expected = would.map(({ dropsAt: _, bytes: __, ...partition }) => partition);
      expect(told).toHaveLength(expected.length);
      expect(told).toEqual(expect.arrayContaining(expected));
      expect(await toldOf(PartitionDropped.type, acme)).toEqual([]);
      const names = would.map(({ kind, from }) => [kind, from.slice(0, 10).replaceAll('-', '_')]);
      for (const [kind, day] of names) {
        const table = `${kind === 'events' ? 'audit_events' : 'message_audit_log'}_d30_${day}`;
        expect(await audit.rows(`SELECT to_regclass('${table}') AS there`)).toEqual([{ there: null }]);
      }
      await run();
      expect(await toldOf(PartitionDropped.type)).toHaveLength(expected.length);
    });

    it('what is not held is gone; held messages still change', async () => {
      const subjects = (await eventsOf({ correlationId: 'talk' })).map(({ subject }) => subject);
      expect(subjects).toEqual(['kept', 'before']);
      expect((await eventsOf({ correlationId: 'talk' }, acme)).map(({ subject }) => subject)).toEqual([
        'after',
      ]);
      expect(await placeOf('message_audit_log', `from_agent = '${carol}'`)).toEqual(
        Array(4).fill({ name: 'message_audit_log_held', retention_class: 'held' }),
      );
      const [message] = await messagesFrom(carol);
      await deliver(message!.messageId, carol);
      expect(await messagesFrom(carol)).toHaveLength(4);
      expect(await messagesFrom(alice)).toHaveLength(1);
    });

    it('proofs of what has gone, and of what is left, still verify', async () => {
      const vkey = readFileSync(audit.vkeyFile, 'utf8');
      const left = new Set((await eventsOf({ correlationId: 'talk' })).map(({ id }) => id));
      expect(proofs.filter(({ id }) => !left.has(id))).toHaveLength(1);
      for (const { id, leaf } of proofs) {
        const bundle = await prove(id);
        expect(verifyInclusionBundle(bundle, vkey)).toMatchObject({ ok: true });
        expect([bundle.leaf, bundle.disclosure !== null]).toEqual([leaf, left.has(id)]);
      }
      // What is there and another's stays absent.
      const [other] = await eventsOf({ subject: 'after' }, acme);
      await expect(prove(other!.id)).rejects.toMatchObject({ code: 'EVENT_UNKNOWN' });
    });

    it('what only a released hold has kept goes with the next run', async () => {
      await expect(
        audit.caller.call('audit.releaseHold', { id: held }, { principal: acme }),
      ).rejects.toMatchObject({ code: 'HOLD_UNKNOWN' });
      await audit.caller.call('audit.releaseHold', { id: held });
      await run();
      expect((await eventsOf({ correlationId: 'talk' })).map(({ subject }) => subject)).toEqual(['before']);
      expect(await messagesFrom(carol)).toHaveLength(4);
      expect(await toldOf(HeldRowsDropped.type)).toEqual([{ kind: 'events', rows: 1 }]);
      expect(await toldOf(HeldRowsDropped.type, acme)).toEqual([]);
      const { items } = (await audit.caller.call('audit.holds', { limit: 1 })).output;
      expect(items).toMatchObject([{ subject: carol, releasedAt: null }]);
      expect((await audit.caller.call('audit.holds', {}, { principal: acme })).output.items).toEqual([]);
      const asked = audit.caller.call('audit.holds', {}, { principal: agentPrincipal(carol) });
      await expect(asked).rejects.toMatchObject({ code: 'POLICY_DENIED' });
    });

    it('the default and a year go in their time, and for ever stays', async () => {
      await set({ events: 365 });
      await set({ events: 'forever' }, acme);
      await pass(120_000);
      await refuse('year');
      await refuse('ages', 'acme');
      await refuse(dave, 'acme');
      await set({ events: 30 }, acme);
      await pass(120_000);
      const erasure = { type: AgentErased.type, tenant: 'acme', subject: dave, data: { did: dave } };
      await audit.publisher('iam').publish([erasure]);
      await covered('iam');
      await pass(98 * dayMs);
      await run();
      const here = async (subject: string, principal?: Principal) =>
        (await eventsOf({ subject }, principal)).length > 0;
      expect([await here('before'), await here('year')]).toEqual([false, true]);
      expect(await toldOf(RecordsDropped.type, acme)).toMatchObject([{ kind: 'governance', rows: 1 }]);
      await pass(400 * dayMs);
      await run();
      expect([await here('year'), await here('ages', acme)]).toEqual([false, true]);
      // What says which rows went, and who was erased, has not gone itself.
      expect((await audit.verify()).faults).toEqual([]);
      // After so long nobody has made partitions for what comes now.
      await refuse('late');
      const late = await accept(idAt(nowMs), alice);
      expect([await here('late'), (await messagesFrom(alice))[0]!.messageId]).toEqual([true, late]);
    });
  });

  it('a run by hand is begun over the queue', async () => {
    expect((await audit.caller.call('audit.runRetention', {})).output.begun).toBe(true);
    expect((await audit.caller.call('audit.runRetention', { dryRun: true })).output.begun).toBe(false);
    await eventually(async () => expect(await audit.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]));
  });
});
