/** What a consent allows and for how long. */
export interface ConsentTerms {
  readonly scopes: readonly ('read' | 'write')[];
  /** RFC 3339; null: until it is withdrawn */
  readonly expiresAt: string | null;
}

/** Whether a consent that was not withdrawn still counts. @param nowMs milliseconds since 1970 */
export const isInForce = ({ expiresAt }: ConsentTerms, nowMs: number): boolean =>
  expiresAt === null || Date.parse(expiresAt) > nowMs;

/** Only the persona itself grants and withdraws. */
export const mayManageConsents = (agent: string, persona: string): boolean => agent === persona;

/** A consent is a matter between two. */
export const maySeeConsent = (agent: string, persona: string, grantee: string): boolean =>
  agent === persona || agent === grantee;
