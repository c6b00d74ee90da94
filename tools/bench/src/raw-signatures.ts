import { generateEd25519, privateKeyObject, publicKeyObject } from '@concordat/crypto';
import { sign, verify } from 'node:crypto';

export interface RawSignatures {
  readonly signPerS: number;
  readonly verifyPerS: number;
  /** one signature made and one checked */
  readonly bothPerS: number;
}

/** As long as the text of a challenge. */
const messageBytes = 260;

/** What one core does with Ed25519 alone: OpenSSL through node:crypto, the keys read before. */
export function rawSignatures(seconds: number): RawSignatures {
  const { secretKey, publicKey } = generateEd25519();
  const [ownKey, peerKey] = [privateKeyObject(secretKey), publicKeyObject(publicKey)];
  const message = Buffer.alloc(messageBytes, 'a');
  const signature = sign(null, message, ownKey);
  const signPerS = perSecond(seconds / 2, () => void sign(null, message, ownKey));
  const verifyPerS = perSecond(seconds / 2, () => void verify(null, message, peerKey, signature));
  return { signPerS, verifyPerS, bothPerS: 1 / (1 / signPerS + 1 / verifyPerS) };
}

function perSecond(seconds: number, task: () => void): number {
  for (let i = 0; i < 200; i++) task();
  const begun = performance.now();
  let done = 0;
  let now = begun;
  for (; now - begun < seconds * 1_000; now = performance.now()) {
    for (let i = 0; i < 20; i++) task();
    done += 20;
  }
  return (done * 1_000) / (now - begun);
}
