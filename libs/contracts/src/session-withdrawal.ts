import { limits } from './limits';

/** No access token is believed longer, whoever's clock it was issued by. */
export const accessTokenMs = (limits.accessTokenSeconds + limits.clockSkewSeconds) * 1_000;

/** The name of a withdrawal that concerns the access tokens of one session. */
export const sessionWithdrawalName = (sessionId: string): string => `session:${sessionId}`;

/**
 * What the end of a session takes away from its access tokens, and for how long that must be remembered.
 * @param endedAt RFC 3339 @returns `until` in RFC 3339
 */
export const sessionWithdrawal = (sessionId: string, endedAt: string): { name: string; until: string } => ({
  name: sessionWithdrawalName(sessionId),
  until: new Date(Date.parse(endedAt) + accessTokenMs).toISOString(),
});
