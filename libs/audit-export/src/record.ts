import { z } from 'zod';

/** Hashes of the complete subtrees (RFC 6962) that lie between the event before and this one, base64url, left to right. */
const gap = z.array(z.string()).max(128);
const logIndex = z.number().int().nonnegative();

/** What an exported event is proven with, beside its text. */
export const openProof = z.strictObject({
  /** Index of the leaf in the log. */
  logIndex,
  gap,
  /** base64url of the salt that opens the leaf */
  salt: z.string(),
  /** base64url of SHA-256 of the stored ciphertext, which the leaf commits to */
  body: z.string(),
});

/** The same of an event that nobody can read any more: its leaf stands for it. */
export const closedProof = z.strictObject({ logIndex, gap, leaf: z.string() });

export interface OpenEvent extends z.infer<typeof openProof> {
  readonly kind: 'event';
  /** Canonical text of the event as published. */
  readonly event: string;
}

export interface ClosedEvent extends z.infer<typeof closedProof> {
  readonly kind: 'closed';
}

/** A message of a subject, as `audit.messages` shows it. It is in the log by its events, so it has no leaf. */
export interface ExportedMessage {
  readonly kind: 'message';
  /** Canonical JSON. */
  readonly message: string;
}

/** What a line of an export says, whatever its format. */
export type ExportRecord = OpenEvent | ClosedEvent | ExportedMessage;

/** The end of an export. */
export interface SignedManifest {
  /** Canonical JSON of the manifest. */
  readonly text: string;
  /** Signature line of the note (C2SP signed-note) whose text holds the manifest. */
  readonly signature: string;
}
