export { builtinPolicies } from './builtin';
export type { Decision, ExplainedRule } from './compiled-rule';
export { type DecisionRow, decisionTable, type Probe, probes, type Reach, reachText } from './decision-table';
export { type DryRun, dryRun } from './dry-run';
export { insideOf } from './networks';
export { compilePolicies, type Explanation, type IdlePattern, type PolicySet } from './policy-set';
export { type PolicyTestResult, runPolicyTests } from './policy-tests';
export { TenantPolicies } from './tenant-policies';
