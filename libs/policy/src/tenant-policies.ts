import type { Policy, PolicyRequest } from '@concordat/contracts';
import { builtinPolicies } from './builtin';
import type { Decision } from './compiled-rule';
import { compilePolicies, type Explanation, type PolicySet } from './policy-set';

/**
 * The policies of all tenants, as a service keeps them from events: the built-in ones in every tenant, beside each
 * tenant's own. Deciding asks nobody.
 */
export class TenantPolicies {
  readonly #builtin: PolicySet;
  readonly #policies = new Map<string, Map<string, Policy>>();
  /** Of tenants with policies of their own, once they were asked for since the last change. */
  readonly #compiled = new Map<string, PolicySet>();

  constructor(builtin: readonly Policy[] = builtinPolicies) {
    this.#builtin = compilePolicies(builtin);
  }

  /** Takes the place of the policy's older version. An older version than the known one is passed over. */
  put(tenant: string, policy: Policy): void {
    const own = this.#policies.get(tenant) ?? new Map<string, Policy>();
    if ((own.get(policy.id)?.version ?? 0) >= policy.version) return;
    this.#policies.set(tenant, own.set(policy.id, policy));
    this.#compiled.delete(tenant);
  }

  delete(tenant: string, policyId: string): void {
    const own = this.#policies.get(tenant);
    if (!own?.delete(policyId)) return;
    if (own.size === 0) this.#policies.delete(tenant);
    this.#compiled.delete(tenant);
  }

  /** What is in force in a tenant. @throws Error for a policy that cannot be compiled */
  of(tenant: string): PolicySet {
    const own = this.#policies.get(tenant);
    if (own === undefined) return this.#builtin;
    const kept = this.#compiled.get(tenant);
    if (kept) return kept;
    const set = compilePolicies([...this.#builtin.policies, ...sorted(own)]);
    this.#compiled.set(tenant, set);
    return set;
  }

  /** By the policies of the subject's tenant. */
  decide(request: PolicyRequest): Decision {
    return this.of(request.subject.tenant).decide(request);
  }

  explain(request: PolicyRequest): Explanation {
    return this.of(request.subject.tenant).explain(request);
  }
}

/** By id, so that every instance names the same rule, whichever event it heard first. */
const sorted = (policies: ReadonlyMap<string, Policy>): Policy[] =>
  [...policies.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
