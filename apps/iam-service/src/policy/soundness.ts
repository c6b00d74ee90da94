import {
  ConcordatError,
  findOperation,
  hasScope,
  type OperationInput,
  type Policy,
  policyLimits,
} from '@concordat/contracts';
import type { Authorizer } from '@concordat/directory';
import { builtinPolicies, compilePolicies, type PolicySet, runPolicyTests } from '@concordat/policy';
import type { OperationContext } from '@concordat/runtime';

/** @throws ConcordatError POLICY_LIMIT_REACHED, INPUT_INVALID for what cannot be compiled */
export function compileWith(
  inForce: readonly Policy[],
  document: OperationInput<'policy.dryRun'>,
): PolicySet {
  const others = inForce.filter(({ id }) => id !== document.id);
  const rules = others.reduce((sum, policy) => sum + policy.rules.length, document.rules.length);
  if (others.length >= policyLimits.policiesPerTenant || rules > policyLimits.rulesPerTenant)
    throw new ConcordatError('POLICY_LIMIT_REACHED');
  // The version of what is tried does not matter to a decision.
  return compilePolicies([...builtinPolicies, ...others, { ...document, version: 1 }]);
}

/** @throws ConcordatError POLICY_TESTS_FAILED, POLICY_LOCKS_OUT */
export function requireSound(after: PolicySet, context: OperationContext, authorizer: Authorizer): void {
  // Those that come with Concordat say what holds without rules of the tenant.
  const own = after.policies.filter((policy) => !builtinPolicies.includes(policy));
  const failed = runPolicyTests(after, own).filter(({ passed }) => !passed);
  if (failed.length > 0) {
    const names = failed.slice(0, 5).map(({ policy, name }) => `${policy}: “${name}”`);
    const more = failed.length > 5 ? ` and ${failed.length - 5} more` : '';
    throw new ConcordatError('POLICY_TESTS_FAILED', `${names.join('; ')}${more}.`);
  }
  if (!mayStillPublish(after, context, authorizer)) throw new ConcordatError('POLICY_LOCKS_OUT');
}

/** Who may not change policies sees only what concerns himself. @throws ConcordatError POLICY_DENIED */
export function requireOwnQuestion(
  { subject }: OperationInput<'policy.check'>,
  { principal, address }: OperationContext,
  authorizer: Authorizer,
): void {
  if (subject.kind === principal.kind && subject.id === principal.id) return;
  const mayAskOfAnybody = authorizer.decide(findOperation('policy.put')!, {}, { principal, address }).allow;
  if (!mayAskOfAnybody || !hasScope(principal, 'admin'))
    throw new ConcordatError('POLICY_DENIED', 'What concerns others is for administrators.');
}

function mayStillPublish(
  after: PolicySet,
  { principal, address }: OperationContext,
  authorizer: Authorizer,
): boolean {
  const request = authorizer.requestOf(findOperation('policy.put')!, { id: 'any' }, { principal, address });
  return compilePolicies(after.policies.map(atAnyTime)).decide(request).allow;
}

/** The policy as it denies at its worst hour: one that locks everybody out from tomorrow on is no better. */
const atAnyTime = (policy: Policy): Policy => ({
  ...policy,
  rules: policy.rules.map((rule) => {
    if (rule.effect === 'allow') return rule;
    const { time: _time, notBefore: _from, notAfter: _to, ...conditions } = rule.conditions ?? {};
    const { unless, ...rest } = rule;
    const isTimed = unless && (unless.time ?? unless.notBefore ?? unless.notAfter) !== undefined;
    return { ...rest, conditions, ...(unless && !isTimed && { unless }) };
  }),
});
