import { ed25519Sign, ed25519Verify } from './ed25519';
import { concatBytes, utf8 } from './bytes';
import { equalConstantTime, sha256 } from './hash';

/** C2SP signed-note with Ed25519 keys, and C2SP tlog-checkpoint on top of it. */

const ed25519Type = 0x01;

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
export const noteKeyHash = (name: string, publicKey: Uint8Array): Uint8Array =>
  sha256(name, '\n', Uint8Array.of(ed25519Type), publicKey).subarray(0, 4);

export function noteSigner(name: string, keys: { secretKey: Uint8Array; publicKey: Uint8Array }): NoteSigner {
  requireKeyName(name);
  return { name, keyHash: noteKeyHash(name, keys.publicKey), ...keys };
}

/** `<name>+<hash>+<base64 of type ‖ public key>` */
export const formatVerifierKey = ({ name, keyHash, publicKey }: NoteVerifier): string =>
  `${name}+${Buffer.from(keyHash).toString('hex')}+${base64(concatBytes(Uint8Array.of(ed25519Type), publicKey))}`;

/** @throws Error when the text is not a verifier key of Ed25519 */
export function parseVerifierKey(text: string): NoteVerifier {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim());
  const material = match && fromBase64(match[3]!);
  if (!match || !material || material.byteLength !== 33 || material[0] !== ed25519Type) {
    throw new Error('not an Ed25519 verifier key of C2SP signed-note');
  }
  const name = match[1]!;
  const publicKey = material.slice(1);
  const keyHash = noteKeyHash(name, publicKey);
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

/**
 * @returns the text of the note when one of its signatures is by `verifier`; unknown signatures are ignored
 * @throws Error when there is none, or when a signature that claims to be by `verifier` is wrong
 */
export function openNote(note: string, verifier: NoteVerifier): string {
  const cut = note.lastIndexOf('\n\n');
  if (Buffer.byteLength(note) > maxNoteBytes || cut < 0 || !note.endsWith('\n') || notInNotes.test(note))
    throw new Error('not a signed note');
  const text = note.slice(0, cut + 1);
  const lines = note.slice(cut + 2, -1).split('\n');
  if (lines.length > maxSignatures) throw new Error(`a note has at most ${maxSignatures} signatures`);
  let isSigned = false;
  for (const line of lines) {
    const match = /^\u2014 ([^\s+]+) (\S+)$/.exec(line);
    const signature = match && fromBase64(match[2]!);
    if (!match || !signature || signature.byteLength < 5)
      throw new Error('the note has a malformed signature line');
    if (match[1] !== verifier.name || !equalConstantTime(signature.subarray(0, 4), verifier.keyHash))
      continue;
    if (!ed25519Verify(signature.subarray(4), utf8(text), verifier.publicKey)) {
      throw new Error(`the signature of ${verifier.name} is wrong`);
    }
    isSigned = true;
  }
  if (!isSigned) throw new Error(`the note has no signature of ${verifier.name}`);
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
