import { concatBytes, utf8 } from './bytes';
import { ed25519Sign, ed25519Verify } from './ed25519';
import {
  cosignatureType,
  formatVerifierKey,
  isBy,
  type NoteSigner,
  noteSigner,
  type NoteVerifier,
  parseVerifierKey,
  splitNote,
} from './signed-note';

/** C2SP tlog-cosignature with Ed25519 keys: a witness says that a checkpoint is the largest consistent one it has seen. */

export const cosigner = (name: string, keys: { secretKey: Uint8Array; publicKey: Uint8Array }): NoteSigner =>
  noteSigner(name, keys, cosignatureType);

export const formatCosignerKey = (cosigner: NoteVerifier): string =>
  formatVerifierKey(cosigner, cosignatureType);

/** @throws Error when the text is not the verifier key of a cosigner */
export const parseCosignerKey = (text: string): NoteVerifier => parseVerifierKey(text, cosignatureType);

/** What is signed. @param text of the checkpoint, with its last newline @param seconds POSIX time */
const cosigned = (text: string, seconds: number): Uint8Array =>
  utf8(`cosignature/v1\ntime ${seconds}\n${text}`);

/**
 * @param text of the checkpoint, with its last newline
 * @param seconds POSIX time, a whole number above 0
 * @returns the signature line, with its newline
 */
export function cosign(text: string, signer: NoteSigner, seconds: number): string {
  if (!Number.isSafeInteger(seconds) || seconds <= 0)
    throw new RangeError('a cosignature has a time in seconds');
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(seconds));
  const bytes = concatBytes(signer.keyHash, time, ed25519Sign(cosigned(text, seconds), signer.secretKey));
  return `\u2014 ${signer.name} ${Buffer.from(bytes).toString('base64')}\n`;
}

export interface Cosignature {
  /** POSIX time, in seconds */
  readonly seconds: number;
  /** The signature line, with its newline. */
  readonly line: string;
}

/**
 * @param note a signed checkpoint
 * @returns the latest valid cosignature by this witness; undefined when there is none
 * @throws Error when it is not a note, or when a signature that claims to be by the witness is wrong
 */
export function findCosignature(note: string, witness: NoteVerifier): Cosignature | undefined {
  const { text, signatures } = splitNote(note);
  const found = signatures
    .filter((signature) => isBy(signature, witness))
    .map(({ signature, line }) => {
      const seconds = signature.byteLength === 72 ? Number(Buffer.from(signature).readBigUInt64BE(0)) : 0;
      const isValid =
        Number.isSafeInteger(seconds) &&
        seconds > 0 &&
        ed25519Verify(signature.subarray(8), cosigned(text, seconds), witness.publicKey);
      if (!isValid) throw new Error(`the cosignature of ${witness.name} is wrong`);
      return { seconds, line: `${line}\n` };
    });
  return found.sort((a, b) => b.seconds - a.seconds)[0];
}
