import { type AgentIdentity, ConcordatError, hasScope, type Principal } from '@concordat/contracts';

/** What the caller is to an agent. */
export type Authority = 'administrator' | 'controller' | 'self' | 'none';

/** Only the controller of the agent itself counts, not one further up: rights are given by name, not inherited. */
export function authorityOver(
  agent: Pick<AgentIdentity, 'did' | 'controllerDid'>,
  caller: Principal,
): Authority {
  if (hasScope(caller, 'admin')) return 'administrator';
  if (caller.kind !== 'agent') return 'none';
  if (caller.id === agent.did) return 'self';
  return caller.id === agent.controllerDid ? 'controller' : 'none';
}

/** @throws ConcordatError SCOPE_MISSING */
export function requireAuthority(
  operation: string,
  agent: Pick<AgentIdentity, 'did' | 'controllerDid'>,
  caller: Principal,
  ...enough: readonly Authority[]
): void {
  const authority = authorityOver(agent, caller);
  if (authority === 'administrator' || enough.includes(authority)) return;
  const who = enough.length === 0 ? '' : ` to whoever is not ${enough.map(said).join(' or ')}`;
  throw new ConcordatError('SCOPE_MISSING', `${operation} needs the scope "admin"${who}.`);
}

const said = (authority: Authority): string =>
  authority === 'self' ? 'the agent itself' : `its ${authority}`;
