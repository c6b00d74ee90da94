import {
  actorOf,
  anonymous,
  type ConcordatError,
  defaultTenant,
  type ErrorCode,
  type Principal,
  RequestRefused,
} from '@concordat/contracts';
import { activeTraceparent } from '@concordat/runtime';
import type { RefusalFeed } from '@concordat/streams';

/** Refusals that the gateway itself decides; what a service refuses, the service audits. */
const audited: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CREDENTIAL_INVALID',
  'TOKEN_EXPIRED',
  'PROOF_INVALID',
  'DELEGATION_FORBIDDEN',
  'SCOPE_MISSING',
  'POLICY_DENIED',
  'AGENT_REQUIRED',
  'CHALLENGE_INVALID',
  'CHALLENGE_EXPIRED',
  'REFRESH_REFUSED',
]);

/** Puts refusals into the audit feed before they are answered. */
export class RefusalAudit {
  constructor(private readonly feed: RefusalFeed) {}

  /** @throws ConcordatError SERVICE_UNAVAILABLE when the feed does not take it: then the caller gets that answer */
  async record({ code }: ConcordatError, operation: string, principal: Principal | undefined): Promise<void> {
    if (!audited.has(code)) return;
    const who = principal ?? anonymous(defaultTenant);
    const caller = actorOf(who);
    await this.feed.append({
      spec: RequestRefused,
      key: `${who.tenant} ${caller} ${operation} ${code}`,
      tenant: who.tenant,
      actor: caller,
      data: { operation, code, caller },
      correlation: null,
      traceparent: activeTraceparent(),
    });
  }
}
