import { policy, type Policy } from '@concordat/contracts';
import { request } from './builtin/builtin';
import { dryRun } from './dry-run';
import { TenantPolicies } from './tenant-policies';

const lockdown = (version = 1, id = 'lockdown'): Policy =>
  policy.parse({
    ...{ id, version, description: 'Nobody revokes for now.' },
    rules: [{ id: 'all', effect: 'deny', actions: [version % 2 === 0 ? 'agent.erase' : 'agent.revoke'] }],
    tests: [
      {
        name: 'Not even an administrator.',
        request: request('agent.revoke', { kind: 'user', roles: ['admin'] }),
        expect: { allow: false },
      },
    ],
  });
const revoke = (tenant: string) =>
  request('agent.revoke', { kind: 'user', roles: ['admin'], tenant }, { tenant });

describe('a tenant', () => {
  it('without policies of its own has the built-in ones', () => {
    const policies = new TenantPolicies();
    for (const tenant of ['default', 'constructor', 'acme'])
      expect(policies.decide(revoke(tenant)).rule).toBe('builtin-admin/tenant');
  });

  it('with its own has them beside the built-in ones, and no other tenant does', () => {
    const policies = new TenantPolicies();
    policies.put('acme', lockdown());
    expect(policies.decide(revoke('acme')).rule).toBe('lockdown/all');
    expect(
      policies.explain(revoke('acme')).explain.map(({ rule, matched }) => [rule, matched]),
    ).toContainEqual(['all', true]);
    expect(policies.decide(revoke('default')).allow).toBe(true);
  });

  it('is asked by the newest version, whatever comes in between', () => {
    const policies = new TenantPolicies();
    policies.put('acme', lockdown(2));
    expect(policies.decide(revoke('acme')).allow).toBe(true);
    policies.put('acme', lockdown(1));
    expect(policies.decide(revoke('acme')).allow).toBe(true);
    policies.put('acme', lockdown(3));
    expect(policies.decide(revoke('acme')).allow).toBe(false);
  });

  it('loses a policy that is deleted', () => {
    const policies = new TenantPolicies();
    policies.put('acme', lockdown());
    policies.delete('acme', 'unknown');
    policies.delete('other', 'lockdown');
    expect(policies.decide(revoke('acme')).allow).toBe(false);
    policies.delete('acme', 'lockdown');
    expect(policies.decide(revoke('acme')).rule).toBe('builtin-admin/tenant');
  });

  it('is answered by the same rule, in whichever order its policies came', () => {
    const [one, other] = [new TenantPolicies(), new TenantPolicies()];
    for (const id of ['a', 'b', 'c']) one.put('acme', lockdown(1, id));
    for (const id of ['c', 'b', 'a']) other.put('acme', lockdown(1, id));
    expect(one.decide(revoke('acme'))).toEqual(other.decide(revoke('acme')));
  });
});

describe('a dry run', () => {
  it('shows what would change, for whom, and runs the tests', () => {
    const policies = new TenantPolicies();
    const before = policies.of('acme');
    policies.put('acme', lockdown());
    const mine = revoke('acme');
    const result = dryRun(before, policies.of('acme'), { tenant: 'acme', requests: [mine] });
    expect(result.roles).toContainEqual({ who: 'admin', action: 'agent.revoke', before: true, after: [] });
    expect(result.roles).toContainEqual({
      who: 'developer',
      action: 'agent.revoke',
      before: ['owner'],
      after: [],
    });
    expect(new Set(result.roles.map(({ action }) => action))).toEqual(new Set(['agent.revoke']));
    expect(result.requests).toMatchObject([
      { request: mine, before: { allow: true }, after: { allow: false } },
    ]);
    expect(result.tests.find(({ policy: id }) => id === 'lockdown')).toMatchObject({ passed: true });
  });

  it('shows nothing when nothing changes, and the tests that fail', () => {
    const policies = new TenantPolicies();
    policies.put('acme', lockdown(2));
    const set = policies.of('acme');
    const result = dryRun(set, set, { tenant: 'acme', requests: [revoke('acme')] });
    expect([result.roles, result.requests]).toEqual([[], []]);
    expect(result.tests.filter(({ passed }) => !passed)).toMatchObject([
      { policy: 'lockdown', got: { rule: 'builtin-admin/tenant' } },
    ]);
  });
});
