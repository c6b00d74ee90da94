import { ConcordatError, type OperationSpec, type PolicyRequest, type Principal } from '@concordat/contracts';
import { builtinPolicies, compilePolicies, type Decision, type PolicySet } from '@concordat/policy';
import { resourceOf } from './resource';

const builtin = compilePolicies(builtinPolicies);

/** What is known of an agent, as subject or as resource. */
export interface AgentFacts {
  readonly type: string;
  readonly verified: boolean;
  readonly controllerDid: string | null;
  /** The actor that registered it. */
  readonly registeredBy: string | null;
}

/** Where decisions get their facts from: in memory or in the own store, never over a network. */
export interface AuthorizationFacts {
  agent(tenant: string, did: string): AgentFacts | undefined;
  /** The policies in force: the built-in ones and the tenant's own. */
  policiesOf(tenant: string): PolicySet;
}

export interface Asked {
  readonly principal: Principal;
  readonly address: string | null;
}

/**
 * The policy decision point (NIST SP 800-207) that every process has: may this caller carry out this operation with this
 * input? Default deny; what denies outweighs what allows.
 */
export class Authorizer {
  constructor(
    private readonly facts: AuthorizationFacts,
    private readonly now: () => Date,
  ) {}

  /** With a delegated right, whose right it is and everybody through whose hands it went must be allowed. */
  decide(operation: OperationSpec, input: unknown, asked: Asked): Decision {
    const request = this.requestOf(operation, input, asked);
    // What the gateway asks for itself no tenant can close: without it no door would open again.
    const isOwn = operation.caller === 'gateway';
    const policies = isOwn ? builtin : this.facts.policiesOf(request.subject.tenant);
    const decision = policies.decide(request);
    if (!decision.allow || asked.principal.kind !== 'agent' || !asked.principal.actors) return decision;
    const { id: delegator, tenant, scopes, actors } = asked.principal;
    const others = actors
      .map((did) => this.#agentSubject({ id: did, tenant, scopes, delegators: [delegator] }))
      .map((subject) => policies.decide({ ...request, subject }));
    return others.find(({ allow }) => !allow) ?? decision;
  }

  /** @throws ConcordatError POLICY_DENIED: names the rule, or that there is none */
  readonly authorize = (operation: OperationSpec, input: unknown, asked: Asked): void => {
    const { allow, rule } = this.decide(operation, input, asked);
    if (allow) return;
    const why =
      rule === null ? `No rule allows ${operation.name}` : `The rule ${rule} denies ${operation.name}`;
    throw new ConcordatError('POLICY_DENIED', `${why} to this credential.`);
  };

  requestOf(operation: OperationSpec, input: unknown, { principal, address }: Asked): PolicyRequest {
    const { tenant } = principal;
    const resource = resourceOf(operation, input, principal);
    const isAgent = resource.type === 'agent' && resource.id !== null;
    const agent = isAgent ? this.facts.agent(tenant, resource.id!) : undefined;
    return {
      subject: operation.caller === 'gateway' ? gateway(tenant) : this.#subject(principal),
      action: operation.name,
      // Written out, as the subject below: a policy is asked for every message of a batch.
      resource: {
        type: resource.type,
        id: resource.id,
        tenant,
        owner: agent?.registeredBy ?? resource.owner,
        // Its own controller, not one further up: rights are given by name.
        controllers: agent?.controllerDid ? [agent.controllerDid] : [],
      },
      context: { time: this.now().toISOString(), ip: address },
    };
  }

  #subject(principal: Principal): PolicyRequest['subject'] {
    const { kind, id, tenant, scopes } = principal;
    if (kind === 'agent') return this.#agentSubject({ id, tenant, scopes, delegators: [] });
    const roles = kind === 'user' ? principal.roles : [];
    return { kind, id, tenant, scopes, roles, delegators: [], type: null, verified: null };
  }

  #agentSubject(
    subject: Pick<PolicyRequest['subject'], 'id' | 'tenant' | 'scopes' | 'delegators'>,
  ): PolicyRequest['subject'] {
    const agent = this.facts.agent(subject.tenant, subject.id);
    return {
      kind: 'agent',
      id: subject.id,
      tenant: subject.tenant,
      scopes: subject.scopes,
      delegators: subject.delegators,
      roles: [],
      type: agent?.type ?? null,
      verified: agent?.verified ?? null,
    };
  }
}

/** What the gateway asks for itself. */
const gateway = (tenant: string): PolicyRequest['subject'] => ({
  ...{ kind: 'service', id: 'bus', tenant, scopes: [], roles: [], delegators: [] },
  ...{ type: null, verified: null },
});
