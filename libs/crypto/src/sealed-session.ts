import { aeadOpen, AeadError, aeadSeal } from './aead';
import { lengthPrefixed, toBase64url } from './bytes';
import { hkdfSha256, sha256 } from './hash';

/** One sealed message of a session. `sequence` is its nonce, so it is never used twice under one key. */
export interface SealedFrame {
  readonly sequence: number;
  /** nonce ‖ ciphertext ‖ tag */
  readonly box: Uint8Array;
}

/**
 * Two ends that share ephemeral keys, one key per direction (AES-256-GCM, counter nonces). Frames are accepted in
 * rising order only: a repeated or older frame is a replay and is refused. Gaps are allowed, since a frame that got
 * lost is sealed anew.
 */
export class SealedSession {
  readonly #sendKey: Uint8Array;
  readonly #receiveKey: Uint8Array;
  #sent = 0;
  #received = 0;

  constructor(
    readonly id: string,
    sendKey: Uint8Array,
    receiveKey: Uint8Array,
  ) {
    this.#sendKey = sendKey;
    this.#receiveKey = receiveKey;
  }

  /** Frames sealed so far; begin a new session long before 2^32. */
  get framesSent(): number {
    return this.#sent;
  }

  seal(plaintext: Uint8Array): SealedFrame {
    const sequence = ++this.#sent;
    return { sequence, box: aeadSeal(this.#sendKey, plaintext, this.#aad(sequence), nonceOf(sequence)) };
  }

  /** @throws AeadError when the frame is forged, changed, from another session, or not newer than the last one */
  open({ sequence, box }: SealedFrame): Uint8Array {
    if (!Number.isSafeInteger(sequence) || sequence <= this.#received) throw new AeadError();
    if (!nonceOf(sequence).every((byte, i) => byte === box[i])) throw new AeadError();
    const plaintext = aeadOpen(this.#receiveKey, box, this.#aad(sequence));
    this.#received = sequence;
    return plaintext;
  }

  #aad(sequence: number): Uint8Array {
    return lengthPrefixed('concordat/rpc-frame/v1', this.id, String(sequence));
  }
}

function nonceOf(sequence: number): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(sequence), 4);
  return new Uint8Array(nonce);
}

export interface SessionAgreement {
  /** X25519 of the two ephemeral keys, 32 bytes */
  readonly shared: Uint8Array;
  readonly callerKey: Uint8Array;
  readonly serviceKey: Uint8Array;
  /** Everything both sides signed, so that keys differ when anything they agreed on differs. */
  readonly transcript: Uint8Array;
}

/** Derives both ends' sessions (HKDF-SHA-256, RFC 5869, salted with the hash of the transcript). */
export function deriveSession(agreement: SessionAgreement, side: 'caller' | 'service'): SealedSession {
  const id = toBase64url(
    sha256('concordat/rpc-session/v1', agreement.callerKey, agreement.serviceKey).subarray(0, 16),
  );
  const keys = hkdfSha256(
    agreement.shared,
    sha256(agreement.transcript),
    Buffer.from('concordat/rpc/v1'),
    64,
  );
  const toService = keys.slice(0, 32);
  const toCaller = keys.slice(32);
  return side === 'caller'
    ? new SealedSession(id, toService, toCaller)
    : new SealedSession(id, toCaller, toService);
}
