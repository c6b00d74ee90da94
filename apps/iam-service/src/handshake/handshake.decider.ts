import { ConcordatError, type HandshakeEvent, TokenIssued } from '@concordat/contracts';
import type { Decider } from '@concordat/eventsourcing';

export interface RedeemChallenge {
  readonly did: string;
  readonly tokenId: string;
  readonly keyId: string;
  /** RFC 3339 */
  readonly expiresAt: string;
}

/** The token that a nonce was traded for, or undefined. */
export type HandshakeState = HandshakeEvent['data'] | undefined;

/** One nonce, one token. The stream is named by the nonce, so that two doors cannot both redeem it. */
export const handshakeDecider: Decider<RedeemChallenge, HandshakeEvent, HandshakeState> = {
  initialState: undefined,
  decide(command, state) {
    if (state) throw new ConcordatError('CHALLENGE_ALREADY_USED');
    return [{ type: TokenIssued.type, data: command }];
  },
  evolve: (_state, event) => event.data,
};
