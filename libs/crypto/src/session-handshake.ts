import { fromBase64url, lengthPrefixed, toBase64url } from './bytes';
import { deriveSession, type SealedSession } from './sealed-session';
import { type AlgorithmValue, type Signer, verifySignatures } from './signing';
import { generateX25519, x25519, type X25519KeyPair } from './x25519';

/**
 * How two services come to share a session over streams that others can read and write. The called service offers a
 * signed ephemeral key; the caller answers with a signed ephemeral key of its own in the first frame (no round trip).
 * Both sign with the identities that configuration pins, so Redis cannot stand in the middle; both keys are forgotten
 * soon, so an identity key found later opens nothing (SIGMA-like, Krawczyk 2003).
 */
export interface SessionOffer {
  readonly service: string;
  readonly instance: string;
  /** base64url of the ephemeral X25519 key */
  readonly key: string;
  /** milliseconds since 1970 */
  readonly expiresAtMs: number;
  readonly signatures: readonly AlgorithmValue[];
}

export interface SessionHello {
  readonly caller: string;
  readonly instance: string;
  /** base64url of the caller's ephemeral key */
  readonly key: string;
  /** `key` of the offer that is answered */
  readonly offerKey: string;
  readonly signatures: readonly AlgorithmValue[];
}

const offerBytes = (offer: Omit<SessionOffer, 'signatures'>): Uint8Array =>
  lengthPrefixed(
    'concordat/rpc-offer/v1',
    offer.service,
    offer.instance,
    offer.key,
    String(offer.expiresAtMs),
  );

const helloBytes = (hello: Omit<SessionHello, 'signatures'>, service: string): Uint8Array =>
  lengthPrefixed('concordat/rpc-hello/v1', hello.caller, hello.instance, hello.key, hello.offerKey, service);

export async function makeOffer(
  about: { service: string; instance: string; expiresAtMs: number },
  signer: Signer,
): Promise<{ offer: SessionOffer; keys: X25519KeyPair }> {
  const keys = generateX25519();
  const unsigned = { ...about, key: toBase64url(keys.publicKey) };
  return { offer: { ...unsigned, signatures: await signer.sign(offerBytes(unsigned)) }, keys };
}

/** @throws Error when the offer is expired or not by the pinned identity of its service */
export async function answerOffer(
  offer: SessionOffer,
  about: { service: string; caller: string; instance: string; nowMs: number },
  trusted: readonly AlgorithmValue[],
  signer: Signer,
): Promise<{ hello: SessionHello; session: SealedSession }> {
  if (offer.service !== about.service || !verifySignatures(offerBytes(offer), offer.signatures, trusted)) {
    throw new Error(`the session offer is not signed by the pinned identity of ${about.service}`);
  }
  if (!(offer.expiresAtMs > about.nowMs))
    throw new Error(`the session offer of ${offer.instance} has expired`);
  const serviceKey = requireKey(offer.key);
  const keys = generateX25519();
  const unsigned = {
    caller: about.caller,
    instance: about.instance,
    key: toBase64url(keys.publicKey),
    offerKey: offer.key,
  };
  const hello = { ...unsigned, signatures: await signer.sign(helloBytes(unsigned, offer.service)) };
  const transcript = lengthPrefixed(offerBytes(offer), helloBytes(unsigned, offer.service));
  const shared = x25519(keys.secretKey, serviceKey);
  return {
    hello,
    session: deriveSession({ shared, callerKey: keys.publicKey, serviceKey, transcript }, 'caller'),
  };
}

/**
 * The same hello always gives the same session object, counters and all, as long as the keys of its offer are kept:
 * whoever can write to the stream can repeat a hello, and a second session with the same keys would open replayed frames
 * and seal two replies under one nonce, which breaks AES-GCM.
 * @throws Error when the hello is not by the pinned identity of its caller or answers another offer
 */
export function acceptHello(
  hello: SessionHello,
  mine: { offer: SessionOffer; keys: X25519KeyPair },
  trusted: readonly AlgorithmValue[],
): SealedSession {
  const { offer, keys } = mine;
  if (hello.offerKey !== offer.key) throw new Error('the hello answers another offer');
  const signed = helloBytes(hello, offer.service);
  if (!verifySignatures(signed, hello.signatures, trusted)) {
    throw new Error(`the hello is not signed by the pinned identity of ${hello.caller}`);
  }
  const sessions = sessionsOf.get(keys) ?? new Map<string, SealedSession>();
  const known = sessions.get(toBase64url(signed));
  if (known) return known;
  const callerKey = requireKey(hello.key);
  const transcript = lengthPrefixed(offerBytes(offer), signed);
  const shared = x25519(keys.secretKey, callerKey);
  const session = deriveSession({ shared, callerKey, serviceKey: keys.publicKey, transcript }, 'service');
  sessionsOf.set(keys, sessions.set(toBase64url(signed), session));
  return session;
}

/** Sessions made with the keys of an offer, by the hello that began them; gone with those keys. */
const sessionsOf = new WeakMap<X25519KeyPair, Map<string, SealedSession>>();

function requireKey(text: string): Uint8Array {
  const key = fromBase64url(text);
  if (key?.byteLength !== 32) throw new Error('the session key is malformed');
  return key;
}
