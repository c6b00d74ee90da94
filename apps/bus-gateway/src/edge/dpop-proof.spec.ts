import { limits } from '@concordat/contracts';
import {
  ed25519Sign,
  type Ed25519KeyPair,
  generateEd25519,
  jwkThumbprint,
  privateKeyObject,
  publicKeyObject,
  sha256,
  toBase64url,
} from '@concordat/crypto';
import fc from 'fast-check';
import { SignJWT } from 'jose';
import { createHmac } from 'node:crypto';
import { checkProof, type PresentedProof, type ProofRules } from './dpop-proof';
import { SpentProofs } from './spent-proofs';

const nowMs = 1_800_000_000_000;
const now = nowMs / 1_000;
const token = 'the.access.token';
const keys = generateEd25519();
const x = toBase64url(keys.publicKey);
const jwk = { kty: 'OKP', crv: 'Ed25519', x };
const header = { typ: 'dpop+jwt', alg: 'EdDSA', jwk };
const claims = {
  ...{ jti: 'proof-1', htm: 'POST', htu: 'https://gate.example/v1/messages', iat: now },
  ath: toBase64url(sha256(token)),
};
const request = { method: 'POST', authority: 'gate.example', path: '/v1/messages' };
const rules: ProofRules = { nowMs, token, publicUrls: [] };

const encode = (part: unknown): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
const signed = (head: unknown, body: unknown, by: Ed25519KeyPair = keys): string => {
  const text = `${encode(head)}.${encode(body)}`;
  return `${text}.${toBase64url(ed25519Sign(Buffer.from(text), by.secretKey))}`;
};
const check = (proof: string, over: Partial<PresentedProof> = {}, with_: Partial<ProofRules> = {}) =>
  checkProof({ ...request, ...over, proof }, { ...rules, ...with_ });
const codeOf = (...args: Parameters<typeof check>): string => {
  try {
    check(...args);
    return 'accepted';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};
const refused = (head: unknown, body: unknown, by?: Ed25519KeyPair): void =>
  expect([head, body, codeOf(signed(head, body, by))]).toEqual([head, body, 'PROOF_INVALID']);
const without = (from: object, name: string): object =>
  Object.fromEntries(Object.entries(from).filter(([key]) => key !== name));

describe('a proof of a key (RFC 9449 §4.3)', () => {
  it('is accepted as another implementation makes it, and names the thumbprint of its key', async () => {
    const proof = await new SignJWT(claims).setProtectedHeader(header).sign(privateKeyObject(keys.secretKey));
    expect(check(proof)).toEqual({
      ...{ keyThumbprint: jwkThumbprint(x), id: `${jwkThumbprint(x)} proof-1` },
      endsMs: nowMs + limits.proofSeconds * 1_000,
    });
  });

  it('1: comes once', () => {
    const proof = signed(header, claims);
    for (const twice of [`${proof}, ${proof}`, `${proof},${proof}`, `${proof} ${proof}`, '', ' '])
      expect(codeOf(twice)).toBe('PROOF_INVALID');
  });

  it('2: is one JWT in one spelling, of bounded size and without a name twice', () => {
    const proof = signed(header, claims);
    const [head, body, signature] = proof.split('.') as [string, string, string];
    const bad = [
      ...[`${head}.${body}`, `${proof}.`, `${proof}.x`, `.${body}.${signature}`, `${head}..${signature}`],
      ...[`${proof}=`, `${head}=.${body}.${signature}`, `${head}.${body}.${signature.slice(0, -1)}`],
      ...['x', '..', '...', '{}', 'x'.repeat(10_000_000)],
    ];
    for (const text of bad) expect(codeOf(text)).toBe('PROOF_INVALID');
    refused(header, { ...claims, more: 'x'.repeat(2_048) });
    refused(header, JSON.stringify(claims).replace('{', '{"jti":"other",'));
    refused(JSON.stringify(header).replace('{', '{"alg":"EdDSA",'), claims);
    for (const part of ['null', '[]', '1', 'x', '']) {
      refused(part, claims);
      refused(header, part);
    }
  });

  it('3: has every claim', () => {
    for (const name of Object.keys(claims)) refused(header, without(claims, name));
    for (const jti of ['', 7, null, 'x'.repeat(129)]) refused(header, { ...claims, jti });
    for (const iat of ['1', null, 1e400]) refused(header, { ...claims, iat });
  });

  it('4: is of the type dpop+jwt, so that no other token passes for one', () => {
    for (const typ of ['JWT', 'at+jwt', 'DPOP+JWT', 'application/dpop+jwt', '', null])
      refused({ ...header, typ }, claims);
    refused(without(header, 'typ'), claims);
  });

  it('5: is signed with EdDSA, whatever it says', () => {
    for (const alg of ['none', 'None', 'HS256', 'RS256', 'ES256', 'Ed448', 'eddsa', '', null])
      refused({ ...header, alg }, claims);
    const text = `${encode({ ...header, alg: 'HS256' })}.${encode(claims)}`;
    for (const secret of [x, keys.publicKey, publicKeyObject(keys.publicKey).export({ type: 'spki', format: 'pem' })])
      expect(codeOf(`${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`)).toBe('PROOF_INVALID'); // prettier-ignore
    for (const end of ['', toBase64url(new Uint8Array(64))])
      expect(codeOf(`${encode({ ...header, alg: 'none' })}.${encode(claims)}.${end}`)).toBe('PROOF_INVALID');
    for (const over of [{ crit: ['exp'] }, { crit: [] }, { b64: false }])
      refused({ ...header, ...over }, claims);
  });

  it('6: is signed by the key that it names, which is not of small order', () => {
    refused(header, claims, generateEd25519());
    const neutral = toBase64url(Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]));
    const text = `${encode({ ...header, jwk: { ...jwk, x: neutral } })}.${encode(claims)}`;
    const forged = toBase64url(Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]));
    expect(codeOf(`${text}.${forged}`)).toBe('PROOF_INVALID');
    for (const over of [
      { x: '' },
      { x: `${x}A` },
      { x: 7 },
      { kty: 'EC' },
      { crv: 'X25519' },
      { kty: 'oct' },
    ])
      refused({ ...header, jwk: { ...jwk, ...over } }, claims);
    refused({ ...header, jwk: undefined, kid: 'x' }, claims);
  });

  it('7: does not give the secret key away', () => {
    refused({ ...header, jwk: { ...jwk, d: toBase64url(keys.secretKey) } }, claims);
    refused({ ...header, jwk: { ...jwk, k: 'AAAA' } }, claims);
  });

  it('8: is for this method', () => {
    for (const htm of ['GET', 'post', 'POST ', '', '*']) refused(header, { ...claims, htm });
    expect(codeOf(signed(header, claims), { method: 'DELETE' })).toBe('PROOF_INVALID');
  });

  it('9: is for this address, whose path counts byte by byte, and query and fragment not', () => {
    const good = ['HTTPS://GATE.example/v1/messages', 'https://gate.example:443/v1/messages'];
    for (const htu of [...good, `${claims.htu}?a=1`, `${claims.htu}#x`, 'http://gate.example:80/v1/messages'])
      expect([htu, codeOf(signed(header, { ...claims, htu }))]).toEqual([htu, 'accepted']);
    const bad = [
      '/v1/messages',
      'gate.example/v1/messages',
      'ftp://gate.example/v1/messages',
      'https://gate.example',
    ];
    const others = ['https://gate.example/v1/messages/', 'https://gate.example/v1/Messages', 'https://gate.example//v1/messages', 'https://gate.example/v1/x/../messages', 'https://gate.example/v1/%6dessages', 'https://other.example/v1/messages', 'https://gate.example:8443/v1/messages', 'https://gate.example.evil/v1/messages', 'https://x@gate.example/v1/messages', '']; // prettier-ignore
    for (const htu of [...bad, ...others]) refused(header, { ...claims, htu });
    expect(codeOf(signed(header, claims), { authority: undefined })).toBe('PROOF_INVALID');
    expect(codeOf(signed(header, { ...claims, htu: 'https://gate.example' }), { path: '/' })).toBe(
      'accepted',
    );
  });

  it('9: where the own addresses are known, is for one of them, whatever Host says', () => {
    const publicUrls = ['https://gate.example', 'https://other.example:8443/'];
    for (const authority of ['gate.example', 'evil.example', undefined])
      expect(codeOf(signed(header, claims), { authority }, { publicUrls })).toBe('accepted');
    const htu = 'https://evil.example/v1/messages';
    expect(codeOf(signed(header, { ...claims, htu }), { authority: 'evil.example' }, { publicUrls })).toBe('PROOF_INVALID'); // prettier-ignore
    const http = 'http://gate.example/v1/messages';
    expect(codeOf(signed(header, { ...claims, htu: http }), {}, { publicUrls })).toBe('PROOF_INVALID');
  });

  it('11: was made now, by clocks that differ a little', () => {
    const limit = limits.proofSeconds;
    for (const iat of [now - limit, now + limit])
      expect(codeOf(signed(header, { ...claims, iat }))).toBe('accepted');
    for (const iat of [now - limit - 1, now + limit + 1, 0, -1, nowMs]) refused(header, { ...claims, iat });
  });

  it('12: is for this token', () => {
    for (const ath of ['', toBase64url(sha256('another')), toBase64url(sha256(token)).slice(1), 7])
      refused(header, { ...claims, ath });
    expect(codeOf(signed(header, without(claims, 'ath')), {}, { token: undefined })).toBe('accepted');
  });

  it('in which any character was changed is refused', () => {
    const proof = signed(header, claims);
    const change = fc.record({
      at: fc.nat({ max: proof.length - 1 }),
      to: fc.constantFrom(...'AZaz09-_.=+/ \0é'),
    });
    fc.assert(
      fc.property(change, ({ at, to }) => {
        const other = proof.slice(0, at) + to + proof.slice(at + 1);
        if (other !== proof) expect(codeOf(other)).toBe('PROOF_INVALID');
      }),
      { numRuns: 500 },
    );
  });
});

describe('proofs that were taken', () => {
  it('are not taken again until they are too old, and are forgotten then', () => {
    let clock = nowMs;
    const spent = new SpentProofs(() => clock);
    const proof = { keyThumbprint: 'k', id: 'k 1', endsMs: nowMs + 5_000 };
    spent.spend(proof);
    spent.spend({ ...proof, id: 'k 2' });
    spent.spend({ ...proof, id: 'l 1' });
    expect(() => spent.spend(proof)).toThrow(expect.objectContaining({ code: 'PROOF_INVALID' }));
    clock += 5_000;
    expect(() => spent.spend(proof)).toThrow(expect.objectContaining({ code: 'PROOF_INVALID' }));
    clock += 1;
    spent.spend({ ...proof, id: 'k 3', endsMs: clock + 5_000 });
    spent.spend({ ...proof, endsMs: clock + 5_000 });
  });
});
