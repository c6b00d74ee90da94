/** What a new key signs to take the place of an old one (IAM-1). */
export interface KeyRotation {
  /** The installation in which the key is to count. */
  readonly audience: string;
  readonly tenant: string;
  readonly did: string;
  /** `kid` of the key that is replaced. */
  readonly oldKeyId: string;
  /** `kid` of the key that signs. */
  readonly newKeyId: string;
  /** RFC 3339 */
  readonly signedAt: string;
}

/**
 * The exact text that the new key signs, one fact per line: it proves that whoever replaces the key holds the new one. It
 * says what it is for, so that no signature for anything else passes for it; it names the old key, so that it is good for
 * this one replacement. None of the facts can hold a newline.
 */
export const keyRotationText = (facts: KeyRotation): string =>
  [
    'Concordat key rotation v1',
    'purpose: replace the key of an agent',
    `audience: ${facts.audience}`,
    `tenant: ${facts.tenant}`,
    `did: ${facts.did}`,
    `old key: ${facts.oldKeyId}`,
    `new key: ${facts.newKeyId}`,
    `signed: ${facts.signedAt}`,
    '',
  ].join('\n');
