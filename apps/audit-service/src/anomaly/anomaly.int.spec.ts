import {
  AnomalyDetected,
  AnomalySettingsChanged,
  MessageAccepted,
  MessageDelivered,
  MessageFailed,
  type OperationRequest,
  type Principal,
} from '@concordat/contracts';
import { administrator, agentPrincipal, eventually, newAgent, plainMessage } from '@concordat/testing';
import { type AuditBench, startAuditBench } from '../testing/audit-bench';
import type { Behaviour } from './behaviour';
import { readBehaviour } from './behaviour-store';

jest.setTimeout(60_000);

const [alice, bob, carol] = [newAgent().did, newAgent().did, newAgent().did];
const windowMs = 60_000;
const windows = 30;

describe('anomalies of agents', () => {
  let audit: AuditBench;
  let counter = 0;
  let nowMs = 0;
  const start = Math.floor(Date.now() / windowMs) * windowMs - windows * windowMs;

  const common = { tenant: 'default', correlation: null, traceparent: null };
  /** A message at the time of the test, and what becomes of it. */
  const send = async (from: string, to: string, hasFailed = false, tenant = 'default'): Promise<void> => {
    const id = `msg-1-0-0199f1c2-7b3a-7c4d-8e5f-${String(++counter).padStart(12, '0')}`;
    const bus = audit.feed('bus.0', () => new Date(nowMs));
    const life = { messageId: id, from, to };
    await bus.append({
      ...{ ...common, tenant, spec: MessageAccepted, actor: `agent:${from}` },
      data: { ...plainMessage, ...life, type: 'COMMAND', priority: 'NORMAL', payload: { n: counter } },
    });
    const ended = { ...common, tenant, actor: `agent:${to}` };
    if (hasFailed)
      await bus.append({ ...ended, spec: MessageFailed, data: { ...life, attempt: 5, error: 'no' } });
    else await bus.append({ ...ended, spec: MessageDelivered, data: { ...life, attempt: 1 } });
  };
  const inWindow = (n: number): void => void (nowMs = start + n * windowMs + 1_000);
  /** Everything that is in the log was worked out. */
  const isLearned = async (): Promise<void> => {
    const minPosition = { 'bus.0': (await audit.log.head('bus.0'))!.at };
    await audit.caller.call('audit.key', {}, { minPosition });
    await eventually(async () => expect(await audit.rows('SELECT 1 FROM activity_batches')).toEqual([]));
  };
  const anomalies = async (
    input: OperationRequest<'audit.anomalies'> = {},
    principal: Principal = administrator(),
  ) => (await audit.caller.call('audit.anomalies', input, { principal })).output;
  const kinds = async (agent: string) =>
    (await anomalies({ agent })).items.map(({ kind }) => kind).toSorted();
  const behaviourOf = async (agent: string): Promise<Behaviour> => {
    const [row] = await audit.rows<{ behaviour: string }>(
      `SELECT behaviour FROM agent_behaviours WHERE tenant = 'default' AND agent = '${agent}'`,
    );
    return readBehaviour(row!.behaviour);
  };

  beforeAll(async () => {
    audit = await startAuditBench();
    const settings = {
      ...{ windowSeconds: 60, warmUpWindows: 10, cooldownSeconds: 600 },
      volume: { minimum: 20 },
      newCounterparty: { minimumMessages: 50 },
      overrides: [{ agent: carol, volume: { enabled: false } }],
    };
    const { output } = await audit.caller.call('audit.putAnomalySettings', settings, {
      commandId: 'settings',
    });
    expect(output).toMatchObject({ windowSeconds: 60, fanOut: { minimum: 10 } });
    for (let n = 0; n < windows; n++) {
      inWindow(n);
      await Promise.all([send(alice, bob), send(alice, bob), send(alice, carol), send(carol, bob)]);
    }
    await isLearned();
  });
  afterAll(() => audit.stop());

  it('are none while all is as usual', async () => {
    expect(await anomalies()).toEqual({ items: [], nextCursor: null });
    expect(await behaviourOf(alice)).toMatchObject({ messages: 3 * windows, counterparties: 2 });
  });

  it('are told once, also when the service restarts in the middle of an incident', async () => {
    inWindow(windows);
    const victims = Array.from({ length: 40 }, () => newAgent().did);
    for (const victim of victims.slice(0, 20)) await send(alice, victim);
    await audit.restart();
    await isLearned();
    for (const victim of victims.slice(20)) await send(alice, victim);
    await isLearned();
    expect(await kinds(alice)).toEqual(['fanOut', 'newCounterparty', 'volume']);
    expect((await behaviourOf(alice)).counterparties).toBe(42);
    expect(await kinds(bob)).toEqual([]);
    const [newest] = (await anomalies({ kind: 'newCounterparty' })).items;
    expect(newest!.explanation).toMatch(/counterparties within 60 s that the agent had never sent to/);
    expect(victims).toEqual(expect.arrayContaining(newest!.examples));
  });

  it('name who it is about when messages fail, sender and recipient', async () => {
    inWindow(windows);
    for (let i = 0; i < 12; i++) await send(carol, bob, true);
    await isLearned();
    expect(await kinds(carol)).toEqual(['errorRate']);
    expect(await kinds(bob)).toEqual(['errorRate']);
    const [found] = (await anomalies({ agent: carol })).items;
    expect(found).toMatchObject({ observed: 1, examples: [bob], windowSeconds: 60 });
    expect(found!.explanation).toMatch(/^(\d+) of the \1 messages that ended/);
  });

  it('are events of the log, about the agent, and so is what counts as one', async () => {
    const told = await eventually(async () => {
      const { output } = await audit.caller.call('audit.events', { type: AnomalyDetected.type });
      expect(output.items).toHaveLength(5);
      return output.items;
    });
    const listed = (await anomalies()).items;
    expect(told.map(({ data }) => data)).toEqual(expect.arrayContaining(listed));
    expect(told.every(({ subject, data }) => (data as { agent: string }).agent === subject)).toBe(true);
    const type = AnomalySettingsChanged.type;
    const [changed] = (await audit.caller.call('audit.events', { type })).output.items;
    expect(changed).toMatchObject({ data: { settings: { windowSeconds: 60 } } });
  });

  it('count once when everything is read again from the beginning', async () => {
    const [before, all] = [await behaviourOf(alice), await anomalies()];
    await audit.rows('DELETE FROM source_cursors');
    await audit.restart();
    inWindow(windows);
    await send(alice, bob);
    await isLearned();
    expect((await behaviourOf(alice)).messages).toBe(before.messages + 1);
    expect(await anomalies()).toEqual(all);
  });

  it('are found page by page, by time and kind; of others an agent sees none, another tenant neither', async () => {
    const all = (await anomalies()).items.map(({ id }) => id);
    const seen: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await anomalies({ limit: 2, ...(cursor && { cursor }) });
      seen.push(...page.items.map(({ id }) => id));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(all);
    expect((await anomalies({ kind: 'errorRate' })).items).toHaveLength(2);
    expect((await anomalies({ to: '2020-01-01T00:00:00Z' })).items).toEqual([]);
    expect((await anomalies({}, agentPrincipal(carol))).items.map(({ agent }) => agent)).toEqual([carol]);
    expect((await anomalies({ agent: alice }, agentPrincipal(carol))).items).toEqual([]);
    expect((await anomalies({}, administrator('acme'))).items).toEqual([]);
    const acme = await audit.caller.call('audit.anomalySettings', {}, { principal: administrator('acme') });
    expect(acme.output).toMatchObject({ windowSeconds: 300, overrides: [] });
  });

  it('need not be by a clock that is right', async () => {
    nowMs = Date.now() + 365 * 86_400_000;
    await send(bob, alice);
    await isLearned();
    expect((await behaviourOf(bob)).window * 1_000).toBeLessThan(Date.now() + 2 * windowMs);
  });
});
