import { limits, type Policy, policyLimits, policyRequest, type PolicyRule } from '@concordat/contracts';
import fc from 'fast-check';
import {
  arbitraryPolicies,
  arbitraryRequest,
  arbitraryRule,
  knownActions,
} from './arbitrary-policies.fixture';
import { compilePolicies } from './policy-set';
import { referenceDecision } from './reference-evaluator.fixture';

const policyOf = (id: string, ...rules: PolicyRule[]): Policy => ({
  ...{ id, version: 3, description: 'A policy.', tests: [] },
  rules,
});
const requestOf = (over: { [part: string]: object | string } = {}) => {
  const { subject, resource, context, action = 'agent.get' } = over;
  return policyRequest.parse({
    action,
    subject: { kind: 'user', id: 'ada', tenant: 'default', roles: ['user'], ...(subject as object) },
    resource: { type: 'agent', id: 'x', tenant: 'default', ...(resource as object) },
    context: { time: '2026-01-01T12:00:00Z', ...(context as object) },
  });
};
const runs = { numRuns: 3_000 };

describe('compiled policies', () => {
  it('decide as their meaning, written down a second time, says', () => {
    let allowed = 0;
    let denied = 0;
    fc.assert(
      fc.property(
        arbitraryPolicies,
        fc.array(arbitraryRequest, { minLength: 5, maxLength: 5 }),
        (policies, requests) => {
          const set = compilePolicies(policies, knownActions);
          for (const request of requests) {
            const { allow, rule } = set.decide(request);
            expect({ allow, rule }).toEqual(referenceDecision(policies, knownActions, request));
            if (allow) allowed += 1;
            else if (rule !== null) denied += 1;
          }
        },
      ),
      runs,
    );
    // Otherwise the comparison would say little.
    expect(Math.min(allowed, denied)).toBeGreaterThan(500);
  });

  it('explain what they decide, and match in the explanation as in the decision', () => {
    fc.assert(
      fc.property(arbitraryPolicies, arbitraryRequest, (policies, request) => {
        const set = compilePolicies(policies, knownActions);
        const { explain, ...decision } = set.explain(request);
        expect(decision).toEqual(set.decide(request));
        const [first] = explain.filter(({ matched }) => matched);
        if (decision.because !== 'tenant')
          expect(first ? `${first.policy}/${first.rule}` : null).toBe(decision.rule);
        expect(explain.every(({ why }) => why.length > 0)).toBe(true);
      }),
      runs,
    );
  });

  it('never allow more for a rule that denies, nor for one that allows and is gone', () => {
    fc.assert(
      fc.property(
        ...[arbitraryPolicies, arbitraryRule('more'), arbitraryRequest, fc.nat(), fc.nat()],
        (policies: Policy[], rule: PolicyRule, request, p, r) => {
          const { allow } = compilePolicies(policies, knownActions).decide(request);
          const withDeny = [...policies, policyOf('more', { ...rule, effect: 'deny' })];
          if (!allow) expect(compilePolicies(withDeny, knownActions).decide(request).allow).toBe(false);
          const fewer = policies.map((policy, i) =>
            i !== p % policies.length
              ? policy
              : {
                  ...policy,
                  rules: policy.rules.filter(
                    ({ effect }, j) => effect === 'deny' || j !== r % policy.rules.length,
                  ),
                },
          );
          if (!allow) expect(compilePolicies(fewer, knownActions).decide(request).allow).toBe(false);
        },
      ),
      runs,
    );
  });

  it('never allow what is another tenant’s or no operation, and nothing without rules', () => {
    const everything: PolicyRule = {
      ...{ id: 'all', effect: 'allow', actions: ['*'] },
      subjects: { kinds: ['agent', 'user', 'apiKey', 'anonymous', 'service'] },
    };
    const set = compilePolicies([policyOf('open', everything)], knownActions);
    const empty = compilePolicies([], knownActions);
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const isOwn = request.subject.tenant === request.resource.tenant;
        const isKnown = knownActions.includes(request.action);
        const because = !isOwn ? 'tenant' : isKnown ? 'allow' : 'action';
        expect(set.decide(request)).toMatchObject({ allow: isOwn && isKnown, because });
        expect(empty.decide(request).allow).toBe(false);
      }),
      runs,
    );
  });

  it('of another tenant say nothing, not even in an explanation', () => {
    const set = compilePolicies([policyOf('open', { id: 'all', effect: 'allow', actions: ['*'] })]);
    expect(set.explain(requestOf({ resource: { tenant: 'acme' } }))).toEqual({
      ...{ allow: false, rule: null, because: 'tenant', explain: [] },
    });
  });

  it.each(['__proto__', 'constructor', 'toString', 'agent', 'agent.', 'agent.*', '*', 'agent.fly', ''])(
    'have no operation %p',
    (action) => {
      const set = compilePolicies([policyOf('open', { id: 'all', effect: 'allow', actions: ['*'] })]);
      expect(set.decide({ ...requestOf(), action })).toEqual({
        ...{ allow: false, rule: null, because: 'action' },
      });
    },
  );

  it('deny a kind of subject that does not exist', () => {
    const set = compilePolicies([policyOf('open', { id: 'all', effect: 'allow', actions: ['*'] })]);
    for (const kind of ['__proto__', 'constructor', 'root', '']) {
      const request = requestOf();
      const { because } = set.decide({ ...request, subject: { ...request.subject, kind: kind as never } });
      expect(because).toBe('default');
    }
  });

  it('name the patterns that fit no operation', () => {
    const set = compilePolicies([
      policyOf('slip', { id: 'r', effect: 'deny', actions: ['agent.revok', 'agents.*', 'agent.*', '*'] }),
    ]);
    expect(set.idlePatterns).toEqual([
      { rule: 'slip/r', pattern: 'agent.revok' },
      { rule: 'slip/r', pattern: 'agents.*' },
    ]);
  });

  it('refuse two policies with one id', () => {
    const one = policyOf('twin', { id: 'r', effect: 'allow', actions: ['*'] });
    expect(() => compilePolicies([one, one])).toThrow('two policies with the id twin');
  });

  it('do not follow later changes of the list that they were made from', () => {
    const policies = [policyOf('one', { id: 'r', effect: 'allow', actions: ['agent.get'] })];
    const set = compilePolicies(policies);
    policies.pop();
    expect(set.decide(requestOf()).allow).toBe(true);
    expect(set.policies).toHaveLength(1);
  });
});

describe('an explanation', () => {
  const set = compilePolicies([
    policyOf(
      'office',
      { id: 'staff', effect: 'allow', actions: ['agent.*'], subjects: { roles: ['admin', 'sre'] } },
      {
        ...{ id: 'elsewhere', effect: 'deny', actions: ['*'], subjects: { kinds: ['user'] } },
        unless: { networks: ['10.0.0.0/8'] },
      },
    ),
  ]);

  it('names the rule, and for every other what kept it', () => {
    expect(set.explain(requestOf({ context: { ip: '10.9.9.9' } }))).toEqual({
      ...{ allow: false, rule: null, because: 'default' },
      explain: [
        {
          ...{ policy: 'office', version: 3, rule: 'elsewhere', effect: 'deny', matched: false },
          why: 'unless: networks hold',
        },
        {
          ...{ policy: 'office', version: 3, rule: 'staff', effect: 'allow', matched: false },
          why: 'roles: needs admin or sre, has user',
        },
      ],
    });
  });

  it('says what was not known where a rule denies in doubt', () => {
    const { rule, explain } = set.explain(requestOf({ subject: { roles: ['admin'] } }));
    expect(rule).toBe('office/elsewhere');
    expect(explain[0]).toMatchObject({
      matched: true,
      why: 'unless: networks: needs 10.0.0.0/8, is unknown: in doubt it denies',
    });
    expect(explain[1]).toMatchObject({ matched: true, why: 'all that it asks for holds' });
  });

  it('by as many rules as a tenant may have, each as wordy as it can be, fits into an answer', () => {
    const ids = Array.from({ length: policyLimits.listItems }, (_, i) => `user:${i}${'x'.repeat(240)}`);
    const rules = Array.from({ length: policyLimits.rulesPerTenant }, (_, i): PolicyRule => ({
      id: `rule-${i}`,
      effect: 'allow',
      actions: ['*'],
      subjects: { ids },
    }));
    const { explain } = compilePolicies([policyOf('wordy', ...rules)]).explain(requestOf());
    expect(explain).toHaveLength(policyLimits.rulesPerTenant);
    expect(JSON.stringify(explain).length).toBeLessThan(limits.jsonBytes);
  });
});
