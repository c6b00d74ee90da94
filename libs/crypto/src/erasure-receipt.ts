import { fromBase64url, toBase64url } from './bytes';
import { type NoteSigner, openNote, parseVerifierKey, signNote } from './signed-note';

/** What was erased from an audit log, said by the key of the log (C2SP signed-note). */
export interface ErasureReceipt {
  /** Identity of the log. */
  readonly log: string;
  readonly tenant: string;
  readonly subject: string;
  /** Id of the event in the log that ordered it. */
  readonly orderedBy: string;
  /** RFC 3339: from then on nobody can open what the keys have sealed. */
  readonly erasedAt: string;
  /** Size and root of the log then; all that stood in it about the subject is closed, and the log is the same as before. */
  readonly logSize: number;
  /** 32 bytes */
  readonly root: Uint8Array;
  /** Names of the keys that were destroyed, as they stand beside what they sealed; none when nothing was sealed. */
  readonly keys: readonly string[];
  /** Until when a backup that the service made could bring the keys back; null: it makes none. */
  readonly recoverableUntil: string | null;
}

/**
 * The first line. No log has it for its name, and the second line is no number: a receipt never passes for a checkpoint
 * under the same key, nor a checkpoint for a receipt.
 */
const heading = 'concordat erasure receipt v1';
const names = [
  ...['log', 'tenant', 'subject', 'ordered-by', 'erased-at', 'log-size', 'root', 'keys'],
  'recoverable-until',
] as const;
const never = 'never';

/** @returns the signed note @throws Error when a value is not one line of text */
export function signErasureReceipt(receipt: ErasureReceipt, signer: NoteSigner): string {
  const values: Record<(typeof names)[number], string> = {
    log: receipt.log,
    tenant: receipt.tenant,
    subject: receipt.subject,
    'ordered-by': receipt.orderedBy,
    'erased-at': receipt.erasedAt,
    'log-size': String(receipt.logSize),
    root: toBase64url(receipt.root),
    keys: receipt.keys.join(' ') || 'none',
    'recoverable-until': receipt.recoverableUntil ?? never,
  };
  if (Object.values(values).some((value) => value === '' || value.includes('\n')))
    throw new Error('a value of a receipt is one line of text');
  const lines = names.map((name) => `${name}: ${values[name]}`);
  return signNote(`${[heading, ...lines].join('\n')}\n`, signer);
}

/**
 * Checks a receipt offline.
 * @param note from anybody
 * @param vkey C2SP signed-note verifier key of the log, from a source that the log cannot change
 * @throws Error when it is not a receipt, or not one that the log of this key has given
 */
export function openErasureReceipt(note: string, vkey: string): ErasureReceipt {
  const verifier = parseVerifierKey(vkey);
  const [first, ...lines] = openNote(note, verifier).slice(0, -1).split('\n');
  if (first !== heading || lines.length !== names.length) throw new Error('not a receipt of an erasure');
  const [log, tenant, subject, orderedBy, erasedAt, size, root, keys, until] = lines.map((line, i) => {
    const start = `${names[i]}: `;
    if (!line.startsWith(start) || line.length === start.length)
      throw new Error(`the receipt has no ${names[i]}`);
    return line.slice(start.length);
  }) as [string, string, string, string, string, string, string, string, string];
  if (log !== verifier.name) throw new Error('the receipt is of another log');
  const bytes = fromBase64url(root);
  if (!/^[1-9]\d{0,15}$/.test(size) || bytes?.byteLength !== 32)
    throw new Error('the receipt names no state of the log');
  return {
    ...{ log, tenant, subject, orderedBy, erasedAt, logSize: Number(size), root: bytes },
    keys: keys === 'none' ? [] : keys.split(' '),
    recoverableUntil: until === never ? null : until,
  };
}
