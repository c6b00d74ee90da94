import { operationList, type Policy, type PolicyRequest, type SubjectKind } from '@concordat/contracts';
import { CompiledRule, type Decision, type ExplainedRule } from './compiled-rule';
import { heldRoleBits, heldScopeBits } from './subject-bits';

const refusal = (because: Decision['because']): Decision =>
  Object.freeze({ allow: false, rule: null, because });
const otherTenant = refusal('tenant');
const unknownAction = refusal('action');
const defaultDeny = refusal('default');

/** The rules that a request of one action and one kind may meet, each list in the order in which they were written. */
interface Candidates {
  readonly denies: readonly CompiledRule[];
  readonly allows: readonly CompiledRule[];
}

export interface Explanation extends Decision {
  /** Every rule of the action, those that deny first, in the order in which they are asked. */
  readonly explain: readonly ExplainedRule[];
}

/** A pattern that fits no operation: a slip of the pen, or an operation of another version. */
export interface IdlePattern {
  readonly rule: string;
  readonly pattern: string;
}

/** Policies as they are asked: compiled once, never changed. */
export class PolicySet {
  readonly idlePatterns: readonly IdlePattern[];
  readonly #rulesByAction: ReadonlyMap<string, readonly CompiledRule[]>;
  readonly #candidates: ReadonlyMap<string, ReadonlyMap<SubjectKind, Candidates>>;

  constructor(
    readonly policies: readonly Policy[],
    actions: readonly string[],
  ) {
    const rules = policies.flatMap((policy) => policy.rules.map((rule) => new CompiledRule(policy, rule)));
    this.#rulesByAction = new Map(
      actions.map((action) => [action, rules.filter((rule) => rule.actions.some((p) => covers(p, action)))]),
    );
    this.#candidates = new Map(
      [...this.#rulesByAction].map(([action, covering]) => [action, candidatesByKind(covering)]),
    );
    this.idlePatterns = rules.flatMap((rule) =>
      rule.actions
        .filter((pattern) => !actions.some((action) => covers(pattern, action)))
        .map((pattern) => ({ rule: rule.decision.rule!, pattern })),
    );
  }

  /**
   * May the subject do this? Nobody may what is another tenant's, whatever the rules say; any rule that denies
   * outweighs all that allow; what no rule allows is denied. Makes no objects, reads no clock, throws nothing.
   */
  decide(request: PolicyRequest): Decision {
    const { subject, resource } = request;
    if (subject.tenant !== resource.tenant) return otherTenant;
    const byKind = this.#candidates.get(request.action);
    if (byKind === undefined) return unknownAction;
    const candidates = byKind.get(subject.kind);
    if (candidates === undefined) return defaultDeny;
    const roles = heldRoleBits(subject);
    const scopes = heldScopeBits(subject);
    for (const rule of candidates.denies) if (rule.matches(request, roles, scopes)) return rule.decision;
    for (const rule of candidates.allows) if (rule.matches(request, roles, scopes)) return rule.decision;
    return defaultDeny;
  }

  /** The same decision, with every rule of the action and why it does or does not match. */
  explain(request: PolicyRequest): Explanation {
    const decision = this.decide(request);
    if (decision === otherTenant) return { ...decision, explain: [] };
    const rules = this.#rulesByAction.get(request.action) ?? [];
    const inOrder = [
      ...rules.filter(({ effect }) => effect === 'deny'),
      ...rules.filter(({ effect }) => effect === 'allow'),
    ];
    return { ...decision, explain: inOrder.map((rule) => rule.explain(request)) };
  }
}

/**
 * @param policies as `policy` of the contracts has parsed them, or built in
 * @param actions the operations that there are; a request for any other is denied
 * @throws Error when two policies have one id, or a network is none
 */
export function compilePolicies(
  policies: readonly Policy[],
  actions: readonly string[] = operationList.map(({ name }) => name),
): PolicySet {
  const ids = policies.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new Error(`There are two policies with the id ${twice}.`);
  return new PolicySet(Object.freeze([...policies]), actions);
}

const covers = (pattern: string, action: string): boolean =>
  pattern === '*' ||
  pattern === action ||
  (pattern.endsWith('.*') && action.startsWith(pattern.slice(0, -1)));

function candidatesByKind(rules: readonly CompiledRule[]): ReadonlyMap<SubjectKind, Candidates> {
  const byKind = new Map<SubjectKind, Candidates>();
  for (const kind of new Set(rules.flatMap(({ kinds }) => kinds))) {
    const ofKind = rules.filter(({ kinds }) => kinds.includes(kind));
    byKind.set(kind, {
      denies: ofKind.filter(({ effect }) => effect === 'deny'),
      allows: ofKind.filter(({ effect }) => effect === 'allow'),
    });
  }
  return byKind;
}
