import { Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { AeadError } from './aead';
import { fromBase64url, lengthPrefixed, toBase64url, utf8 } from './bytes';
import { ed25519PublicKey } from './ed25519';
import { littleEndian } from './ed25519-encoding';
import { deriveSession } from './sealed-session';
import {
  acceptHello,
  answerOffer,
  makeOffer,
  type SessionHello,
  type SessionOffer,
} from './session-handshake';
import { ed25519Signer } from './signing';
import { generateX25519, x25519 } from './x25519';

const serviceSecret = new Uint8Array(32).fill(1);
const callerSecret = new Uint8Array(32).fill(2);
const iam = ed25519Signer(serviceSecret);
const gateway = ed25519Signer(callerSecret);
const stranger = ed25519Signer(new Uint8Array(32).fill(3));

const offerAbout = { service: 'iam', instance: 'iam-1', expiresAtMs: 2_000 };
const callAbout = { service: 'iam', caller: 'bus', instance: 'bus-1', nowMs: 1_000 };

async function handshake() {
  const mine = await makeOffer(offerAbout, iam);
  const answer = await answerOffer(mine.offer, callAbout, iam.publicKeys, gateway);
  return { mine, ...answer };
}

/** The same message with one field changed, once for each. */
const variants = <T extends { readonly key: string; readonly signatures: SessionOffer['signatures'] }>(
  message: T,
) => {
  const [signature] = message.signatures as [SessionOffer['signatures'][number]];
  const foreignKey = toBase64url(generateX25519().publicKey);
  return [
    ...Object.entries(message)
      .filter(([, value]) => !Array.isArray(value))
      .map(([field, value]) => ({
        field,
        changed: { ...message, [field]: typeof value === 'number' ? value + 1 : `${String(value)}x` } as T,
      })),
    { field: 'key (of another)', changed: { ...message, key: foreignKey } as T },
    { field: 'signatures (none)', changed: { ...message, signatures: [] } as T },
    {
      field: 'signature value',
      changed: { ...message, signatures: [{ ...signature, value: toBase64url(new Uint8Array(64)) }] } as T,
    },
    { field: 'signature kid', changed: { ...message, signatures: [{ ...signature, kid: 'x' }] } as T },
  ];
};

describe('a handshake between two pinned identities', () => {
  it('gives both ends one session, in both directions', async () => {
    const { mine, hello, session } = await handshake();
    const service = acceptHello(hello, mine, gateway.publicKeys);
    expect(service.id).toBe(session.id);
    expect(service.open(session.seal(utf8('question')))).toEqual(utf8('question'));
    expect(session.open(service.seal(utf8('answer')))).toEqual(utf8('answer'));
  });

  it('over one offer gives every caller a session of its own', async () => {
    const mine = await makeOffer(offerAbout, iam);
    const answers = [
      await answerOffer(mine.offer, callAbout, iam.publicKeys, gateway),
      await answerOffer(mine.offer, callAbout, iam.publicKeys, gateway),
    ] as const;
    const services = answers.map(({ hello }) => acceptHello(hello, mine, gateway.publicKeys));
    expect(services[0]!.id).not.toBe(services[1]!.id);
    const frame = answers[0].session.seal(utf8('a'));
    expect(() => services[1]!.open(frame)).toThrow(AeadError);
    expect(services[0]!.open(frame)).toEqual(utf8('a'));
  });
});

describe('an offer', () => {
  const answer = (offer: SessionOffer, about = callAbout, trusted = iam.publicKeys) =>
    answerOffer(offer, about, trusted, gateway);

  it('by another identity is refused', async () => {
    const { offer } = await makeOffer(offerAbout, stranger);
    await expect(answer(offer)).rejects.toThrow('pinned identity of iam');
    await expect(answer(offer, callAbout, [])).rejects.toThrow('pinned identity of iam');
  });

  it('of another service is refused, even by the same identity', async () => {
    const { offer } = await makeOffer({ ...offerAbout, service: 'vault' }, iam);
    await expect(answer(offer)).rejects.toThrow('pinned identity of iam');
  });

  it('with any changed field is refused', async () => {
    const { offer } = await makeOffer(offerAbout, iam);
    const changes = variants(offer);
    expect(changes.map(({ field }) => field)).toEqual(
      expect.arrayContaining(['service', 'instance', 'key', 'expiresAtMs']),
    );
    for (const { changed } of changes) await expect(answer(changed)).rejects.toThrow();
    await expect(answer(offer)).resolves.toHaveProperty('hello');
  });

  it('is good until the millisecond it expires', async () => {
    const { offer } = await makeOffer(offerAbout, iam);
    await expect(answer(offer, { ...callAbout, nowMs: 1_999 })).resolves.toHaveProperty('session');
    await expect(answer(offer, { ...callAbout, nowMs: 2_000 })).rejects.toThrow('expired');
    await expect(answer(offer, { ...callAbout, nowMs: 2_001 })).rejects.toThrow('expired');
  });

  it('that never expires is refused', async () => {
    const { offer } = await makeOffer({ ...offerAbout, expiresAtMs: NaN }, iam);
    await expect(answer(offer)).rejects.toThrow('expired');
  });
});

describe('a hello', () => {
  it('by another identity is refused', async () => {
    const mine = await makeOffer(offerAbout, iam);
    const { hello } = await answerOffer(mine.offer, callAbout, iam.publicKeys, stranger);
    expect(() => acceptHello(hello, mine, gateway.publicKeys)).toThrow('pinned identity of bus');
    expect(() => acceptHello(hello, mine, [])).toThrow('pinned identity of bus');
  });

  it('with any changed field is refused', async () => {
    const { mine, hello } = await handshake();
    const changes = variants<SessionHello>(hello);
    expect(changes.map(({ field }) => field)).toEqual(
      expect.arrayContaining(['caller', 'instance', 'key', 'offerKey']),
    );
    for (const { changed } of changes) expect(() => acceptHello(changed, mine, gateway.publicKeys)).toThrow();
    expect(acceptHello(hello, mine, gateway.publicKeys).id).toBeDefined();
  });

  it('to another offer of the same service is refused', async () => {
    const { hello } = await handshake();
    const other = await makeOffer(offerAbout, iam);
    expect(() => acceptHello(hello, other, gateway.publicKeys)).toThrow('another offer');
  });

  it('that comes again gives the same session: its counters do not begin anew', async () => {
    const { mine, hello, session } = await handshake();
    const service = acceptHello(hello, mine, gateway.publicKeys);
    const frame = session.seal(utf8('pay'));
    service.open(frame);
    service.seal(utf8('paid'));
    const again = acceptHello(structuredClone(hello), { ...mine }, gateway.publicKeys);
    expect(() => again.open(frame)).toThrow(AeadError);
    expect(again.seal(utf8('other')).sequence).toBe(2);
    expect(() => acceptHello(hello, mine, stranger.publicKeys)).toThrow('pinned identity');
  });

  it('that names the key of another caller begins no session of that caller', async () => {
    const { mine, hello, session } = await handshake();
    const claimed = { caller: 'audit', instance: 'audit-1', key: hello.key, offerKey: hello.offerKey };
    const signatures = await stranger.sign(
      lengthPrefixed('concordat/rpc-hello/v1', 'audit', 'audit-1', hello.key, hello.offerKey, 'iam'),
    );
    const theirs = acceptHello({ ...claimed, signatures }, mine, stranger.publicKeys);
    const frame = session.seal(utf8('secret'));
    expect(() => theirs.open(frame)).toThrow(AeadError);
    expect(acceptHello(hello, mine, gateway.publicKeys).open(frame)).toEqual(utf8('secret'));
  });

  it('that was refused does not use up the right one', async () => {
    const { mine, hello } = await handshake();
    expect(() => acceptHello(hello, mine, stranger.publicKeys)).toThrow('pinned identity');
    expect(acceptHello(hello, mine, gateway.publicKeys).id).toBeDefined();
  });
});

describe('whoever recorded a session', () => {
  const offerBytes = (offer: SessionOffer) =>
    lengthPrefixed(
      'concordat/rpc-offer/v1',
      offer.service,
      offer.instance,
      offer.key,
      String(offer.expiresAtMs),
    );
  const helloBytes = (hello: SessionHello) =>
    lengthPrefixed('concordat/rpc-hello/v1', hello.caller, hello.instance, hello.key, hello.offerKey, 'iam');

  async function recording() {
    const { mine, hello, session } = await handshake();
    const sessionOf = (shared: Uint8Array, side: 'caller' | 'service') =>
      deriveSession(
        {
          shared,
          callerKey: fromBase64url(hello.key)!,
          serviceKey: fromBase64url(mine.offer.key)!,
          transcript: lengthPrefixed(offerBytes(mine.offer), helloBytes(hello)),
        },
        side,
      );
    return { mine, hello, frame: session.seal(utf8('secret')), sessionOf };
  }

  it('opens it with an ephemeral secret, which is forgotten', async () => {
    const { mine, hello, frame, sessionOf } = await recording();
    const shared = x25519(mine.keys.secretKey, fromBase64url(hello.key)!);
    expect(sessionOf(shared, 'service').open(frame)).toEqual(utf8('secret'));
  });

  it('does not open it with both identity keys, however they are combined with what was sent', async () => {
    const { mine, hello, frame, sessionOf } = await recording();
    const sent = [fromBase64url(mine.offer.key)!, fromBase64url(hello.key)!];
    // The identities as X25519 keys: the hashed scalar, and u = (1 + y) / (1 - y) (RFC 7748 §4.1).
    const secrets = [serviceSecret, callerSecret].flatMap((secret) => [secret, sha512(secret).slice(0, 32)]);
    const identities = [serviceSecret, callerSecret].map((secret) => montgomery(ed25519PublicKey(secret)));
    const agreements = secrets.flatMap((secret) =>
      [...sent, ...identities].map((key) => x25519(secret, key)),
    );
    const guesses = [...agreements, ...secrets, ...sent, ...identities, new Uint8Array(32)];
    expect(guesses).toHaveLength(25);
    for (const guess of guesses)
      for (const side of ['caller', 'service'] as const)
        expect(() => sessionOf(guess, side).open(frame)).toThrow(AeadError);
  });

  function montgomery(edwards: Uint8Array): Uint8Array {
    const p = 2n ** 255n - 19n;
    const { y } = Point.fromBytes(edwards);
    let inverse = 1n;
    for (let base = (1n - y + p) % p, e = p - 2n; e > 0n; e >>= 1n, base = (base * base) % p)
      if (e & 1n) inverse = (inverse * base) % p;
    const u = ((1n + y) * inverse) % p;
    const bytes = new Uint8Array(Buffer.from(u.toString(16).padStart(64, '0'), 'hex').reverse());
    expect(littleEndian(bytes)).toBe(u);
    return bytes;
  }
});
