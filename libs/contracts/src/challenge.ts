/** What an agent signs to prove who it is (IAM-2). */
export interface Challenge {
  /** Whom the token will be good for. */
  readonly audience: string;
  readonly tenant: string;
  readonly did: string;
  /** Good for one token. */
  readonly nonce: string;
  /** RFC 3339 */
  readonly expiresAt: string;
}

/**
 * The exact text to sign, one fact per line. It says what it is for, so that a signature obtained for anything else can
 * never be passed off as this one. None of the facts can hold a newline.
 */
export const challengeText = ({ audience, tenant, did, nonce, expiresAt }: Challenge): string =>
  [
    'Concordat agent authentication v1',
    'purpose: obtain an access token',
    `audience: ${audience}`,
    `tenant: ${tenant}`,
    `did: ${did}`,
    `nonce: ${nonce}`,
    `expires: ${expiresAt}`,
    '',
  ].join('\n');
