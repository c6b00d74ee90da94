import { ConcordatError, isDelegated, type Principal } from '@concordat/contracts';
import type { Directory, DirectoryDelegation } from '@concordat/directory';

type Agent = Extract<Principal, { kind: 'agent' }>;

/**
 * Every delegation of the chain is there, has not ended, and hands the right of this owner from one to the next, down to
 * the one who acts; all of them are active.
 * @throws ConcordatError CREDENTIAL_INVALID
 */
export function requireChain(directory: Directory, principal: Agent, nowMs: number): void {
  const { tenant, id, actors = [] } = principal;
  if (actors.some((did) => directory.agent(tenant, did)?.status !== 'active')) throw refused();
  const receivers = [...actors].reverse();
  for (const [index, link] of linksOf(directory, principal).entries()) {
    const parent = principal.delegations?.[index - 1] ?? null;
    const isInPlace = link?.owner === id && link.to === receivers[index] && link.parent === parent;
    if (!isInPlace || Date.parse(link.expiresAt) <= nowMs) throw refused();
  }
}

/** With the right of another one may do what every link of the chain allows. @throws ConcordatError DELEGATION_FORBIDDEN */
export function requireDelegated(directory: Directory, principal: Principal, operation: string): void {
  if (principal.kind !== 'agent' || !principal.delegations) return;
  const links = linksOf(directory, principal);
  const isAllowed = links.every((link) => link !== undefined) && isDelegated(links, operation);
  if (!isAllowed) throw new ConcordatError('DELEGATION_FORBIDDEN', `${operation} was not delegated.`);
}

const linksOf = (
  directory: Directory,
  { tenant, delegations = [] }: Agent,
): (DirectoryDelegation | undefined)[] => delegations.map((id) => directory.delegation(tenant, id));

const refused = (): ConcordatError => new ConcordatError('CREDENTIAL_INVALID');
