import type { Policy, PolicyRequest } from '@concordat/contracts';
import type { Decision } from './compiled-rule';
import { decisionTable, probes, type Reach } from './decision-table';
import type { PolicySet } from './policy-set';
import { type PolicyTestResult, runPolicyTests } from './policy-tests';

/** What would be otherwise if one set took the place of another. */
export interface DryRun {
  /** Cells of the table of roles and operations. */
  readonly roles: readonly {
    readonly who: string;
    readonly action: string;
    readonly before: Reach;
    readonly after: Reach;
  }[];
  /** Of the requests that were given. */
  readonly requests: readonly {
    readonly request: PolicyRequest;
    readonly before: Decision;
    readonly after: Decision;
  }[];
  /** The tests of the tenant's own policies, under the new set. */
  readonly tests: readonly PolicyTestResult[];
}

/**
 * Tries a change of policies without making it.
 * @param requests further ones to compare: for instance the author's own next change of policies, so that nobody locks
 *   the door behind itself unawares
 */
export function dryRun(
  before: PolicySet,
  after: PolicySet,
  { tenant, requests = [] }: { tenant: string; requests?: readonly PolicyRequest[] },
): DryRun {
  const now = decisionTable(before, { tenant });
  const then = decisionTable(after, { tenant });
  return {
    roles: now.flatMap(({ action, reach }, row) =>
      reach.flatMap((cell, column) => {
        const next = then[row]!.reach[column]!;
        return String(cell) === String(next)
          ? []
          : [{ who: probes[column]!.title, action, before: cell, after: next }];
      }),
    ),
    requests: requests
      .map((request) => ({ request, before: before.decide(request), after: after.decide(request) }))
      .filter(({ before: was, after: is }) => was.allow !== is.allow || was.rule !== is.rule),
    tests: runPolicyTests(after, after.policies.filter(isOwn)),
  };
}

const isOwn = (policy: Policy): boolean => !policy.id.startsWith('builtin-');
