import type { Position } from '@concordat/contracts';
import type { AgentFacts, AuthorizationFacts, Authorizer } from '@concordat/directory';
import { type PolicySet, TenantPolicies } from '@concordat/policy';
import type { OperationAuthorizer } from '@concordat/service';
import type { Connection } from '@concordat/sqlite';
import type { Statement } from 'better-sqlite3';
import type { PolicyQueries } from './policy.projection';

interface FactsRow {
  agent_type: string;
  verified: number;
  controller_did: string | null;
  registered_by: string | null;
}

/** iam-service needs no directory beside its own tables: facts are read where they are written. */
export class StoredFacts implements AuthorizationFacts {
  /** Compiled policies by tenant, with the versions that they were compiled from. */
  readonly #compiled = new Map<string, { readonly versions: string; readonly set: PolicySet }>();

  readonly #agent: Statement<[string, string], FactsRow>;

  constructor(
    db: Connection,
    private readonly policies: PolicyQueries,
  ) {
    this.#agent = db.prepare(
      'SELECT agent_type, verified, controller_did, registered_by FROM agent_identities WHERE tenant = ? AND did = ?',
    );
  }

  agent(tenant: string, did: string): AgentFacts | undefined {
    const row = this.#agent.get(tenant, did);
    return (
      row && {
        type: row.agent_type,
        verified: row.verified === 1,
        controllerDid: row.controller_did,
        registeredBy: row.registered_by,
      }
    );
  }

  policiesOf(tenant: string): PolicySet {
    const versions = this.policies.versions(tenant);
    const kept = this.#compiled.get(tenant);
    if (kept?.versions === versions) return kept.set;
    const own = new TenantPolicies();
    for (const { policy } of this.policies.all(tenant)) own.put(tenant, policy);
    const set = own.of(tenant);
    this.#compiled.set(tenant, { versions, set });
    return set;
  }
}

/** Judges in iam-service, which is never behind what a gateway knows of it. */
export class StoredAuthorizer implements OperationAuthorizer {
  constructor(private readonly authorizer: Authorizer) {}

  async reached(_judgedAt: Position): Promise<void> {}

  get authorize(): OperationAuthorizer['authorize'] {
    return this.authorizer.authorize;
  }
}
