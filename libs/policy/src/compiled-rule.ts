import {
  type Policy,
  type PolicyRequest,
  type PolicyRule,
  type SubjectKind,
  subjectKinds,
} from '@concordat/contracts';
import { isMatch, no, unknown } from './certainty';
import { has, leastCertain, oneOf, type Requirement } from './requirement';
import { ruleRequirements } from './rule-requirements';
import { heldRoleBits, heldRoles, heldScopeBits, kindBits, roleBits, scopeBits } from './subject-bits';

/** The kinds that a rule means when it allows and names none: those with a credential of their own. */
const credentialKinds: readonly SubjectKind[] = ['agent', 'user', 'apiKey'];

/** A decision, made once per rule and handed out as often as the rule decides. */
export interface Decision {
  readonly allow: boolean;
  /** `<policy>/<rule>`; null when no rule decided */
  readonly rule: string | null;
  /**
   * `tenant`: the resource is another tenant's, and the answer outside is that of what does not exist;
   * `action`: no such operation; `default`: no rule allows.
   */
  readonly because: 'allow' | 'deny' | 'default' | 'tenant' | 'action';
}

/** A rule as an explanation shows it. */
export interface ExplainedRule {
  readonly policy: string;
  readonly version: number;
  readonly rule: string;
  readonly effect: 'allow' | 'deny';
  readonly matched: boolean;
  /** Why it matched, or everything that kept it from it. */
  readonly why: string;
}

export class CompiledRule {
  readonly effect: 'allow' | 'deny';
  readonly kinds: readonly SubjectKind[];
  readonly actions: readonly string[];
  readonly decision: Decision;
  /** 0 where the rule does not ask. */
  readonly #roles: number;
  readonly #scopes: number;
  readonly #requirements: readonly Requirement[];

  /** @throws Error for a network that is none */
  constructor(
    private readonly policy: Policy,
    private readonly source: PolicyRule,
  ) {
    const { effect, subjects } = source;
    this.effect = effect;
    this.kinds = subjects?.kinds ?? (effect === 'allow' ? credentialKinds : subjectKinds);
    this.actions = source.actions;
    this.decision = Object.freeze({
      allow: effect === 'allow',
      rule: `${policy.id}/${source.id}`,
      because: effect,
    });
    this.#roles = roleBits(subjects?.roles ?? []);
    this.#scopes = scopeBits(subjects?.scopes ?? []);
    this.#requirements = ruleRequirements(source);
  }

  /**
   * Whether the rule matches a request whose action and kind were looked at already.
   * @param roles the subject's, as `heldRoleBits` gives them
   * @param scopes the subject's, as `heldScopeBits` gives them
   */
  matches(request: PolicyRequest, roles: number, scopes: number): boolean {
    if (this.#roles !== 0 && (this.#roles & roles) === 0) return false;
    if (this.#scopes !== 0 && (this.#scopes & scopes) === 0) return false;
    if (this.#requirements.length === 0) return true;
    return isMatch(this.effect, leastCertain(this.#requirements, request));
  }

  /** Of a request whose action the rule covers. */
  explain(request: PolicyRequest): ExplainedRule {
    const missing = [...this.#missingInSubject(request), ...this.#unmet(request, no)];
    const doubts = this.#unmet(request, unknown);
    const matched = missing.length === 0 && (doubts.length === 0 || this.effect === 'deny');
    const inDoubt = doubts.map((why) => (this.effect === 'deny' ? `${why}: in doubt it denies` : why));
    const all = matched ? inDoubt : [...missing, ...doubts];
    return {
      policy: this.policy.id,
      version: this.policy.version,
      rule: this.source.id,
      effect: this.effect,
      matched,
      why: all.length === 0 ? 'all that it asks for holds' : shortened(all.join('; ')),
    };
  }

  #unmet(request: PolicyRequest, certainty: typeof no | typeof unknown): string[] {
    return this.#requirements
      .filter(({ test }) => test(request) === certainty)
      .map(({ why }) => why(request));
  }

  #missingInSubject({ subject }: PolicyRequest): string[] {
    const { roles = [], scopes = [] } = this.source.subjects ?? {};
    const missing: string[] = [];
    if ((kindBits(this.kinds) & kindBits([subject.kind])) === 0)
      missing.push(`kinds: needs ${oneOf(this.kinds)}, is ${subject.kind}`);
    if (this.#roles !== 0 && (this.#roles & heldRoleBits(subject)) === 0)
      missing.push(`roles: needs ${oneOf(roles)}, ${has(heldRoles(subject))}`);
    if (this.#scopes !== 0 && (this.#scopes & heldScopeBits(subject)) === 0)
      missing.push(`scopes: needs ${oneOf(scopes)}, ${has(subject.scopes)}`);
    return missing;
  }
}

/** So that an explanation by all rules that a tenant may have stays below the size of an answer. */
const whyLength = 512;
const shortened = (why: string): string =>
  why.length <= whyLength ? why : `${why.slice(0, whyLength - 1)}…`;
