import { actorOf, ConcordatError, type ErrorCode, VaultAccessRefused } from '@concordat/contracts';
import type { OperationContext } from '@concordat/runtime';
import type { RefusalFeed } from '@concordat/streams';

export type Refusals = Pick<RefusalFeed, 'append'>;

export interface AccessRefusal {
  /** Whose memories or consents were reached for. */
  readonly persona: string;
  readonly code: ErrorCode;
  /** The title of the code when left out; must not depend on what exists. */
  readonly detail?: string;
}

/**
 * Refuses, once the refusal is in the feed.
 * @throws ConcordatError always: `code`, or what the feed throws when it cannot take the refusal
 */
export async function refuseAccess(
  refusals: Refusals,
  { principal, operation, conversation, traceparent }: OperationContext,
  { persona, code, detail }: AccessRefusal,
): Promise<never> {
  const { tenant, id: reader } = principal;
  await refusals.append({
    spec: VaultAccessRefused,
    key: `${tenant} ${reader} ${persona} ${operation}`,
    tenant,
    actor: actorOf(principal),
    data: { persona, operation, reader },
    correlation: conversation,
    traceparent,
  });
  throw new ConcordatError(code, detail);
}
