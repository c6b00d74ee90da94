import { policyLimits, type PolicySource, type Principal } from '@concordat/contracts';
import {
  administrator,
  agentPrincipal,
  type Bench,
  type Caller,
  newAgent,
  startBench,
  startCaller,
} from '@concordat/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { startIam } from '../iam.fixture';

describe('policies over a real store', () => {
  let bench: Bench;
  let app: INestApplicationContext;
  let caller: Caller;

  beforeAll(async () => {
    bench = await startBench();
    app = await startIam(bench);
    caller = await startCaller(bench);
  });
  afterAll(async () => {
    await caller.stop();
    await app.close();
    await bench.stop();
  });

  const codeOf = (asked: Promise<unknown>): Promise<string> =>
    asked.then(
      () => 'done',
      (error: { code?: string }) => error.code ?? String(error),
    );
  const closed = (id: string, actions: string[], over: Partial<PolicySource> = {}): PolicySource => ({
    ...{ id, description: 'Of a test.', rules: [{ id: 'closed', effect: 'deny', actions }] },
    ...over,
  });
  const put = (source: PolicySource, ifMatch?: string) =>
    caller.call('policy.put', { ...source, ...(ifMatch !== undefined && { ifMatch }) });
  const remove = (id: string) => caller.call('policy.remove', { id });

  it('are in force at once, and until they are removed', async () => {
    const ada: Principal = agentPrincipal(newAgent().did);
    const list = () => codeOf(caller.call('agent.list', {}, { principal: ada }));
    expect(await list()).toBe('done');
    const { output } = await put(closed('no-lists', ['agent.list']));
    expect(output).toMatchObject({ id: 'no-lists', version: 1, rules: [{ id: 'closed' }] });
    expect(await list()).toBe('POLICY_DENIED');
    await remove('no-lists');
    expect(await list()).toBe('done');
    expect(await codeOf(caller.call('policy.get', { id: 'no-lists' }))).toBe('POLICY_UNKNOWN');
  });

  it('are still in force after a restart', async () => {
    await put(closed('kept', ['agent.erase']));
    await app.close();
    app = await startIam(bench);
    const erase = () => codeOf(caller.call('agent.erase', { did: newAgent().did }));
    expect(await erase()).toBe('POLICY_DENIED');
    await remove('kept');
    expect(await erase()).toBe('AGENT_UNKNOWN');
  });

  it('may deny what the built-in ones allow, whose tests speak of a tenant without rules of its own', async () => {
    const office = closed('office', ['agent.*'], {
      rules: [
        {
          ...{ id: 'office-only', effect: 'deny', actions: ['agent.*'] },
          unless: { networks: ['192.0.2.0/24'] },
        },
      ],
    });
    expect((await put(office)).output.version).toBe(1);
    const from = (address?: string) =>
      codeOf(caller.call('agent.list', {}, address === undefined ? {} : { address }));
    expect([await from('192.0.2.7'), await from('198.51.100.7'), await from()]).toEqual([
      ...['done', 'POLICY_DENIED', 'POLICY_DENIED'],
    ]);
    await remove('office');
  });

  const request = {
    subject: { kind: 'apiKey' as const, id: 'k', tenant: 'default', scopes: ['read' as const] },
    ...{ action: 'message.get', resource: { type: 'message', tenant: 'default' } },
    context: { time: '2026-01-01T12:00:00Z' },
  };
  const open = { name: 'Keys read messages.', request, expect: { allow: true } };

  it('are not published when a test of theirs, or of another policy of the tenant, fails', async () => {
    await put(closed('first', ['agent.erase'], { tests: [open] }));
    expect(await codeOf(put(closed('second', ['message.get'])))).toBe('POLICY_TESTS_FAILED');
    expect(await codeOf(put(closed('first', ['message.get'], { tests: [open] })))).toBe(
      'POLICY_TESTS_FAILED',
    );
    const { output } = await caller.call('policy.dryRun', closed('second', ['message.get']));
    expect(output.results).toMatchObject([{ policy: 'first', passed: false, rule: 'second/closed' }]);
    expect(output.changes.some(({ action }) => action === 'message.get')).toBe(true);
    await remove('first');
  });

  it('that come at the same time are judged one after the other: together they break neither tests nor bounds', async () => {
    const together = async (...sources: PolicySource[]): Promise<string[]> => {
      const codes = await Promise.all(sources.map((source) => codeOf(put(source))));
      await Promise.all(sources.map(({ id }) => codeOf(remove(id))));
      return codes.sort();
    };
    const against = [
      closed('tested', ['agent.erase'], { tests: [open] }),
      closed('against', ['message.get']),
    ];
    expect(await together(...against)).toEqual(['POLICY_TESTS_FAILED', 'done']);
    const rules = Array.from({ length: policyLimits.rulesPerPolicy }, (_, index) => ({
      ...{ id: `r-${index}`, effect: 'deny' as const, actions: ['agent.erase'] },
    }));
    const large = ['f1', 'f2', 'f3'].map((id) => closed(id, [], { rules }));
    expect(await together(...large)).toEqual(['POLICY_LIMIT_REACHED', 'done', 'done']);
  });

  it('never lock their author out', async () => {
    for (const actions of [['*'], ['policy.*'], ['policy.put']])
      expect(await codeOf(put(closed('all', actions)))).toBe('POLICY_LOCKS_OUT');
    const deny = { id: 'later', effect: 'deny' as const, actions: ['*'] };
    for (const rule of [
      { ...deny, conditions: { notBefore: '2999-01-01T00:00:00Z' } },
      { ...deny, conditions: { time: { from: '03:00', to: '03:01' } } },
      { ...deny, unless: { time: { from: '00:00', to: '23:59' } } },
    ])
      expect(await codeOf(put(closed('all', [], { rules: [rule] })))).toBe('POLICY_LOCKS_OUT');
  });

  it('are changed by who knows their version, and count on after a removal', async () => {
    const source = closed('versions', ['agent.erase']);
    expect((await put(source, '0')).output.version).toBe(1);
    expect(await codeOf(put(source, '0'))).toBe('VERSION_CONFLICT');
    expect((await put(source, '"1"')).output.version).toBe(2);
    await remove('versions');
    expect((await put(source)).output.version).toBe(3);
    await remove('versions');
  });

  it('are those of a tenant: another one neither sees nor feels them', async () => {
    await put(closed('ours', ['agent.list']));
    const acme = { principal: administrator('acme') };
    expect(await codeOf(caller.call('policy.get', { id: 'ours' }, acme))).toBe('POLICY_UNKNOWN');
    const { output } = await caller.call('policy.list', { limit: 500 }, acme);
    expect(output.items.every(({ id }) => id.startsWith('builtin-'))).toBe(true);
    expect(await codeOf(caller.call('agent.list', {}, acme))).toBe('done');
    await remove('ours');
  });

  it('explain themselves: to administrators about anybody, to others about themselves', async () => {
    const { did } = newAgent();
    const input = {
      subject: { kind: 'agent' as const, id: did, scopes: ['read' as const] },
      action: 'agent.erase',
    };
    const { output } = await caller.call('policy.check', input);
    expect(output).toMatchObject({ allow: false, rule: null });
    expect(output.explain).toContainEqual(
      expect.objectContaining({ policy: 'builtin-admin', matched: false }),
    );
    expect((await caller.call('policy.check', input, { principal: agentPrincipal(did) })).output).toEqual(
      output,
    );
    const other = agentPrincipal(newAgent().did);
    expect(await codeOf(caller.call('policy.check', input, { principal: other }))).toBe('POLICY_DENIED');
    const foreign = { ...input, subject: { ...input.subject, tenant: 'acme' } };
    expect((await caller.call('policy.check', foreign)).output).toMatchObject({ allow: false, explain: [] });
  });
});
