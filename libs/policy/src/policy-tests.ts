import type { Policy, PolicyTest } from '@concordat/contracts';
import type { Decision } from './compiled-rule';
import type { PolicySet } from './policy-set';

export interface PolicyTestResult {
  readonly policy: string;
  readonly name: string;
  readonly passed: boolean;
  readonly expected: PolicyTest['expect'];
  readonly got: Decision;
}

/**
 * Runs the tests beside the rules against all policies of the set together, since a policy is not alone.
 * @param policies whose tests; those of the built-in ones hold where no tenant has added anything
 */
export const runPolicyTests = (
  set: PolicySet,
  policies: readonly Policy[] = set.policies,
): PolicyTestResult[] =>
  policies.flatMap(({ id, tests }) =>
    tests.map(({ name, request, expect }) => {
      const got = set.decide(request);
      const passed = got.allow === expect.allow && (expect.rule === undefined || got.rule === expect.rule);
      return { policy: id, name, passed, expected: expect, got };
    }),
  );
