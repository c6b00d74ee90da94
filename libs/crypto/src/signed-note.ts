import { ed25519Sign, ed25519Verify } from './ed25519';
import { concatBytes, utf8 } from './bytes';
import { equalConstantTime, sha256 } from './hash';

/** C2SP signed-note with Ed25519 keys, and C2SP tlog-checkpoint on top of it. */

/** Signature types of C2SP signed-note: of a note, and of a cosignature with its time. */
const ed25519Type = 0x01;
export const cosignatureType = 0x04;

export interface NoteVerifier {
  readonly name: string;
  /** 4 bytes */
  readonly keyHash: Uint8Array;
  readonly publicKey: Uint8Array;
}

export interface NoteSigner extends NoteVerifier {
  readonly secretKey: Uint8Array;
}

/** First four bytes of SHA-256(name ‖ "\n" ‖ type ‖ public key). */
export const noteKeyHash = (name: string, publicKey: Uint8Array, type: number = ed25519Type): Uint8Array =>
  sha256(name, '\n', Uint8Array.of(type), publicKey).subarray(0, 4);

export function noteSigner(
  name: string,
  keys: { secretKey: Uint8Array; publicKey: Uint8Array },
  type: number = ed25519Type,
): NoteSigner {
  requireKeyName(name);
  return { name, keyHash: noteKeyHash(name, keys.publicKey, type), ...keys };
}

/** `<name>+<hash>+<base64 of type ‖ public key>` */
export const formatVerifierKey = (
  { name, keyHash, publicKey }: NoteVerifier,
  type: number = ed25519Type,
): string =>
  `${name}+${Buffer.from(keyHash).toString('hex')}+${base64(concatBytes(Uint8Array.of(type), publicKey))}`;

/** @throws Error when the text is not a verifier key of Ed25519 */
export function parseVerifierKey(text: string, type: number = ed25519Type): NoteVerifier {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim());
  const material = match && fromBase64(match[3]!);
  if (!match || !material || material.byteLength !== 33 || material[0] !== type) {
    throw new Error('not an Ed25519 verifier key of C2SP signed-note');
  }
  const name = match[1]!;
  const publicKey = material.slice(1);
  const keyHash = noteKeyHash(name, publicKey, type);
  if (Buffer.from(keyHash).toString('hex') !== match[2])
    throw new Error('the hash in the verifier key does not match');
  return { name, keyHash, publicKey };
}

/**
 * @param text ends in a newline and holds no other control characters
 * @returns the note: text, blank line, signature line
 */
export function signNote(text: string, signer: NoteSigner): string {
  if (!text.endsWith('\n') || notInNotes.test(text))
    throw new Error('the text of a note ends in a newline and holds no other control characters');
  const signature = concatBytes(signer.keyHash, ed25519Sign(utf8(text), signer.secretKey));
  return `${text}\n\u2014 ${signer.name} ${base64(signature)}\n`;
}

const maxNoteBytes = 1_000_000;
const maxSignatures = 100;
/** Control characters other than the newline, and lone surrogates, which have no UTF-8 form of their own. */
const notInNotes = /[^\n\u{20}-\u{d7ff}\u{e000}-\u{10ffff}]/u;

/** A signature line of a note. */
export interface NoteSignature {
  readonly name: string;
  /** 4 bytes */
  readonly keyHash: Uint8Array;
  readonly signature: Uint8Array;
  /** As it stands in the note, without the newline. */
  readonly line: string;
}

/**
 * A note taken apart; nothing is verified.
 * @throws Error when it is none, or has more signatures than a note may have
 */
export function splitNote(note: string): { text: string; signatures: NoteSignature[] } {
  const cut = note.lastIndexOf('\n\n');
  if (Buffer.byteLength(note) > maxNoteBytes || cut < 0 || !note.endsWith('\n') || notInNotes.test(note))
    throw new Error('not a signed note');
  const lines = note.slice(cut + 2, -1).split('\n');
  if (lines.length > maxSignatures) throw new Error(`a note has at most ${maxSignatures} signatures`);
  return { text: note.slice(0, cut + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line: string): NoteSignature {
  const match = /^\u2014 ([^\s+]+) (\S+)$/.exec(line);
  const bytes = match && fromBase64(match[2]!);
  if (!match || !bytes || bytes.byteLength < 5) throw new Error('the note has a malformed signature line');
  return { name: match[1]!, keyHash: bytes.subarray(0, 4), signature: bytes.subarray(4), line };
}

/** Whether a signature claims to be by this key. */
export const isBy = ({ name, keyHash }: NoteSignature, verifier: NoteVerifier): boolean =>
  name === verifier.name && equalConstantTime(keyHash, verifier.keyHash);

/**
 * @returns the text of the note when one of its signatures is by `verifier`; unknown signatures are ignored
 * @throws Error when there is none, or when a signature that claims to be by `verifier` is wrong
 */
export function openNote(note: string, verifier: NoteVerifier): string {
  const { text, signatures } = splitNote(note);
  const claimed = signatures.filter((signature) => isBy(signature, verifier));
  if (claimed.length === 0) throw new Error(`the note has no signature of ${verifier.name}`);
  for (const { signature } of claimed)
    if (!ed25519Verify(signature, utf8(text), verifier.publicKey))
      throw new Error(`the signature of ${verifier.name} is wrong`);
  return text;
}

export interface Checkpoint {
  /** Identity of the log. */
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** @throws RangeError when the parts do not make a checkpoint that `parseCheckpoint` would read back */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  if (origin === '' || notInNotes.test(origin) || origin.includes('\n'))
    throw new RangeError('the origin of a checkpoint is one line of text');
  if (!isTreeSize(size) || root.byteLength !== 32)
    throw new RangeError('a checkpoint has a size and a root of 32 bytes');
  return `${origin}\n${size}\n${base64(root)}\n`;
}

/** @throws Error when the text is not a checkpoint; extension lines are allowed and ignored */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n');
  if (lines.pop() !== '' || lines.includes('')) throw new Error('not a checkpoint');
  const [origin, size, root] = lines;
  const hash = fromBase64(root ?? '');
  if (
    !origin ||
    !/^(0|[1-9]\d{0,15})$/.test(size ?? '') ||
    !isTreeSize(Number(size)) ||
    hash?.byteLength !== 32
  )
    throw new Error('not a checkpoint');
  return { origin, size: Number(size), root: hash };
}

const isTreeSize = (size: number): boolean => Number.isSafeInteger(size) && size >= 0;

function requireKeyName(name: string): void {
  if (name === '' || /[\s+]/u.test(name) || notInNotes.test(name))
    throw new Error('a key name is not empty and holds neither spaces nor control characters nor +');
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function fromBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && bytes.toString('base64') === text ? new Uint8Array(bytes) : undefined;
}
