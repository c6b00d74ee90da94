import { ConcordatError, type Principal } from '@concordat/contracts';

/**
 * The DID of the agent that asks. The gateway lets only agents through; asked again here, because an API key has an id
 * that is no persona.
 * @throws ConcordatError AGENT_REQUIRED
 */
export function agentOf(principal: Principal): string {
  if (principal.kind !== 'agent') throw new ConcordatError('AGENT_REQUIRED');
  return principal.id;
}
