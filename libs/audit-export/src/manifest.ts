import { canonicalJson, type NoteSigner, type NoteVerifier, openNote, signNote } from '@concordat/crypto';
import { exportFormat } from '@concordat/contracts';
import { z } from 'zod';
import type { SignedManifest } from './record';

const count = z.number().int().nonnegative();

/** What an export says of itself at its end, signed by the key of the log. */
export const exportManifest = z.strictObject({
  v: z.literal(1),
  format: exportFormat,
  /** RFC 3339 */
  exportedAt: z.string(),
  tenant: z.string(),
  /** Whose export it is: what this one may not see is left out. */
  reader: z.string(),
  /** Of whom everything was asked (right of access); null for an export of the trail. */
  subject: z.string().nullable(),
  filter: z.record(z.string(), z.string()),
  /** Events in it, and where in the log the first and the last of them are. */
  count,
  first: count.nullable(),
  last: count.nullable(),
  messages: count,
  /** Chain value of the last line. */
  digest: z.string(),
  /** Complete subtrees from the last event to the end of the log. */
  gap: z.array(z.string()).max(128),
  /** C2SP signed note of the log that the events are proven in. */
  checkpoint: z.string(),
  /** That this log continues the one of an older checkpoint, if that was asked for (RFC 6962 §2.1.2). */
  consistency: z.strictObject({ from: count, proof: z.array(z.string()).max(128) }).nullable(),
});
export type ExportManifest = z.infer<typeof exportManifest>;

/** First line of the note. No checkpoint begins like this: there it is the origin alone, which is the name of the key. */
const originOf = ({ name }: NoteVerifier): string => `concordat/audit-export/v1 ${name}`;

export function signManifest(manifest: ExportManifest, signer: NoteSigner): SignedManifest {
  const text = canonicalJson(manifest);
  const note = signNote(`${originOf(signer)}\n${text}\n`, signer);
  return { text, signature: note.slice(note.lastIndexOf('\n\n') + 2, -1) };
}

/** @throws Error when it is not signed by the key, or says something else than a manifest does */
export function openManifest({ text, signature }: SignedManifest, verifier: NoteVerifier): ExportManifest {
  const opened = openNote(`${originOf(verifier)}\n${text}\n\n${signature}\n`, verifier);
  if (opened !== `${originOf(verifier)}\n${text}\n`) throw new Error('the manifest is not that of an export');
  return exportManifest.parse(JSON.parse(text));
}
