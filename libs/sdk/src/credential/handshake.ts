import { delegationTokenType, type OperationOutput } from '@concordat/contracts';
import type { Caller } from '../call/caller';
import { isConcordatProblem } from '../problem';
import type { AgentKey } from './agent-key';
import { signChallenge } from './challenge';

export type IssuedToken = OperationOutput<'auth.token'>;

/**
 * Trades a delegation for a token that acts with the right of another agent (RFC 8693).
 * @param caller with the token of the agent itself
 * @throws ConcordatProblem
 */
export async function exchange(caller: Caller, delegation: string): Promise<IssuedToken> {
  const { output } = await caller.call('auth.exchange', {
    grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subjectToken: delegation,
    subjectTokenType: delegationTokenType,
  });
  return output;
}

/** A challenge whose answer was lost, or that grew old on the way, is not the last one. */
const handshakes = 5;

/**
 * Challenge, signature, token. A token is shown once: when the answer that held it was lost, the handshake begins anew.
 * @throws ConcordatProblem
 */
export async function shakeHands(caller: Caller, key: AgentKey): Promise<IssuedToken> {
  for (let attempt = 1; ; attempt++) {
    const { did, tenant } = key;
    const { output: offered } = await caller.call('auth.challenge', { did, tenant });
    const signature = signChallenge(offered, key);
    try {
      const { output } = await caller.call('auth.token', { challengeId: offered.challengeId, signature });
      return output;
    } catch (error) {
      if (!isSpentChallenge(error) || attempt >= handshakes) throw error;
    }
  }
}

/** The challenge is of no more use; another one may be. */
export const isSpentChallenge = (error: unknown): boolean =>
  isConcordatProblem(
    error,
    'SECRET_ALREADY_SHOWN',
    'CHALLENGE_INVALID',
    'CHALLENGE_EXPIRED',
    'CHALLENGE_ALREADY_USED',
  );
