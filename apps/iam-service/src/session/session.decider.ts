import {
  ConcordatError,
  limits,
  SessionEnded,
  type SessionEvent,
  SessionOpened,
  SessionRefreshed,
} from '@concordat/contracts';
import type { Decider } from '@concordat/eventsourcing';
import { earlierOf, hasCome, msBetween, plusMs } from '../times';

export interface OpenSession {
  readonly kind: 'OpenSession';
  readonly id: string;
  readonly userId: string;
  readonly refreshHash: string;
  readonly tokenId: string;
  /** RFC 3339 */
  readonly expiresAt: string;
}

/** Somebody brought a refresh token that was once issued for this session. */
export interface RefreshSession {
  readonly kind: 'RefreshSession';
  readonly id: string;
  readonly tradedHash: string;
  readonly refreshHash: string;
  readonly tokenId: string;
  /** RFC 3339 */
  readonly now: string;
}

export interface EndSession {
  readonly kind: 'EndSession';
  readonly id: string;
  readonly reason: 'logged-out' | 'revoked' | 'displaced';
}

export type SessionCommand = OpenSession | RefreshSession | EndSession;

export interface Session {
  readonly id: string;
  readonly userId: string;
  /** of the token that is good now */
  readonly refreshHash: string;
  /** of the one that it was given for; null: none was traded yet */
  readonly tradedHash: string | null;
  /** when that was traded for the first time */
  readonly tradedAt: string;
  readonly refreshedAt: string;
  readonly openedAt: string;
  readonly expiresAt: string;
  readonly endedAt: string | null;
}

/** undefined: never opened */
export type SessionState = Session | undefined;

/**
 * The answer to a refresh may be lost. For so long the same token may be traded again, as long as nobody has used the one
 * that was given for it: that one is void then, and whoever uses it gives himself away.
 */
export const tradeAgainMs = 30_000;

/** When a session ends that nobody refreshes from now on, RFC 3339. */
export const sessionEnd = (refreshedAt: string, expiresAt: string): string =>
  earlierOf(plusMs(refreshedAt, limits.sessionIdleSeconds * 1_000), expiresAt);

/** The life of a session: opened, refreshed from token to token, ended. */
export const sessionDecider: Decider<SessionCommand, SessionEvent, SessionState> = {
  initialState: undefined,

  decide(command, session) {
    switch (command.kind) {
      case 'OpenSession': {
        if (session) throw new ConcordatError('VERSION_CONFLICT', 'There is a session with this id.');
        const { id, userId, refreshHash, tokenId, expiresAt } = command;
        return [{ type: SessionOpened.type, data: { id, userId, refreshHash, tokenId, expiresAt } }];
      }
      case 'RefreshSession':
        return refresh(command, session);
      case 'EndSession': {
        if (!session) throw new ConcordatError('SESSION_UNKNOWN');
        if (session.endedAt !== null) return [];
        const { id, reason } = command;
        return [{ type: SessionEnded.type, data: { id, userId: session.userId, reason } }];
      }
      default:
        return command satisfies never;
    }
  },

  evolve(session, event, time) {
    switch (event.type) {
      case SessionOpened.type: {
        const { id, userId, refreshHash, expiresAt } = event.data;
        const untraded = { tradedHash: null, tradedAt: time, refreshedAt: time, openedAt: time };
        return { id, userId, refreshHash, expiresAt, ...untraded, endedAt: null };
      }
      case SessionRefreshed.type: {
        const { refreshHash, tradedHash } = event.data;
        const isAgain = session?.tradedHash === tradedHash;
        const tradedAt = isAgain ? session.tradedAt : time;
        return session && { ...session, refreshHash, tradedHash, tradedAt, refreshedAt: time };
      }
      case SessionEnded.type:
        return session && { ...session, endedAt: time };
      default:
        return event satisfies never;
    }
  },
};

/** @throws ConcordatError REFRESH_REFUSED: it is over. One that was traded before ends it, for two have it now. */
function refresh({ now, ...command }: RefreshSession, session: SessionState): SessionEvent[] {
  if (
    !session ||
    session.endedAt !== null ||
    hasCome(sessionEnd(session.refreshedAt, session.expiresAt), now)
  )
    throw new ConcordatError('REFRESH_REFUSED');
  const { id, tradedHash, refreshHash, tokenId } = command;
  const { userId } = session;
  // Hashes of 256 random bits: how long it takes to see that they differ tells nothing that could be used.
  const isAgain = tradedHash === session.tradedHash && msBetween(session.tradedAt, now) <= tradeAgainMs;
  if (tradedHash === session.refreshHash || isAgain)
    return [{ type: SessionRefreshed.type, data: { id, userId, tradedHash, refreshHash, tokenId } }];
  return [{ type: SessionEnded.type, data: { id, userId, reason: 'replayed' } }];
}
