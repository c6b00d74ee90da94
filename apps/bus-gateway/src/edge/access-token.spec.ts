import { limits, SigningKeyActivated } from '@concordat/contracts';
import {
  ed25519Sign,
  type Ed25519KeyPair,
  generateEd25519,
  jwkThumbprint,
  keyId,
  privateKeyObject,
  publicKeyObject,
  toBase64url,
} from '@concordat/crypto';
import { newAgent } from '@concordat/testing';
import fc from 'fast-check';
import { SignJWT } from 'jose';
import { createHmac } from 'node:crypto';
import { Directory } from '@concordat/directory';
import { AccessTokens } from './access-token';

const issuedAt = 1_800_000_000;
const { did } = newAgent();
const keys = generateEd25519();
const kid = keyId(keys.publicKey);
const header = { alg: 'EdDSA', typ: 'at+jwt', kid };
const claims = {
  ...{ iss: 'concordat', aud: 'concordat', sub: did, jti: 'token-1', iat: issuedAt },
  ...{
    exp: issuedAt + limits.accessTokenSeconds,
    tenant: 'default',
    scope: 'read write',
    iam_position: '1-5',
  },
  ...{ roles: ['agent'], cnf: { jkt: jwkThumbprint('x') } },
};
const user = '01890a5d-ac96-774b-bcce-b302099a8057';
const userClaims = { ...claims, sub: user, roles: ['admin', 'sre'], sid: 'session-1', cnf: undefined };

const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const signed = (head: unknown, body: unknown, by: Ed25519KeyPair = keys): string => {
  const text = `${encode(head)}.${encode(body)}`;
  return `${text}.${toBase64url(ed25519Sign(Buffer.from(text), by.secretKey))}`;
};
const without = (name: keyof typeof claims): object => {
  const { [name]: _left, ...rest } = claims;
  return rest;
};

describe('access tokens', () => {
  let nowMs: number;
  let tokens: AccessTokens;
  let directory: Directory;
  beforeEach(() => {
    nowMs = issuedAt * 1_000 + 1_000;
    directory = new Directory();
    const publicKey = { alg: 'Ed25519', kid, value: toBase64url(keys.publicKey) };
    const at = { epoch: 1, position: 1 };
    directory.apply({ at, tenant: 'default', type: SigningKeyActivated.type, time: '', data: { publicKey } });
    tokens = new AccessTokens(directory, 'concordat', () => nowMs);
  });
  const codeOf = (token: string): Promise<string> =>
    tokens.verify(token).then(
      () => 'accepted',
      (error: { code?: string }) => error.code ?? String(error),
    );

  it('a token that iam-service signed / is accepted, with the position that the directory must have', async () => {
    const verified = {
      principal: { kind: 'agent', tenant: 'default', id: did, scopes: ['read', 'write'], tokenId: 'token-1' },
      ...{ keyThumbprint: claims.cnf.jkt, needsProof: false, keyId: kid },
      position: { epoch: 1, position: 5 },
      issuedAtMs: claims.iat * 1_000,
      expiresAtMs: claims.exp * 1_000,
    };
    expect(await tokens.verify(signed(header, claims))).toEqual(verified);
    const byJose = new SignJWT(claims).setProtectedHeader(header).sign(privateKeyObject(keys.secretKey));
    expect(await tokens.verify(await byJose)).toEqual(verified);
  });

  it('a token of a user / is accepted with roles and session, bound to a key only when it says so', async () => {
    const facts = { tenant: 'default', id: user, scopes: ['read', 'write'], tokenId: 'token-1' };
    expect(await tokens.verify(signed(header, userClaims))).toMatchObject({
      principal: { kind: 'user', ...facts, roles: ['admin', 'sre'], sessionId: 'session-1' },
      ...{ keyThumbprint: undefined, needsProof: false },
    });
    const bound = { ...userClaims, cnf: claims.cnf, token_type: 'DPoP' };
    expect(await tokens.verify(signed(header, bound))).toMatchObject({
      ...{ keyThumbprint: claims.cnf.jkt, needsProof: true },
    });
  });

  it('a token that mixes agent and user, or has the roles of neither / is refused', async () => {
    const bad: object[] = [
      ...[undefined, [], ['user'], ['agent', 'admin'], ['agent', 'agent'], 'agent'].map((roles) => ({ ...claims, roles })), // prettier-ignore
      ...[undefined, {}, { jkt: '' }, { jkt: 7 }, { jkt: 'x'.repeat(44) }, { ...claims.cnf, jwk: {} }].map((cnf) => ({ ...claims, cnf })), // prettier-ignore
      ...['session-1', null, 7].map((sid) => ({ ...claims, sid })),
      ...[undefined, [], ['agent'], ['root'], ['user', 'root'], 'admin'].map((roles) => ({ ...userClaims, roles })), // prettier-ignore
      ...[undefined, '', 7, 'x'.repeat(65)].map((sid) => ({ ...userClaims, sid })),
      { ...userClaims, sub: did },
      { ...claims, sub: user },
      { ...userClaims, act: { sub: did }, delegations: ['d'], token_type: 'DPoP' },
      ...['Bearer', 'dpop', true, null].map((token_type) => ({ ...claims, token_type })),
    ];
    for (const body of bad)
      expect([body, await codeOf(signed(header, body))]).toEqual([body, 'CREDENTIAL_INVALID']);
  });

  it('a delegated token / names who acts before who passed the right on, and is refused in any other shape', async () => {
    const [b, c] = [newAgent().did, newAgent().did];
    const delegated = { token_type: 'DPoP', act: { sub: c, act: { sub: b } }, delegations: ['d1', 'd2'] };
    expect((await tokens.verify(signed(header, { ...claims, ...delegated }))).principal).toMatchObject({
      ...{ id: did, actors: [c, b], delegations: ['d1', 'd2'] },
    });
    let deep: object = { sub: b };
    for (let level = 0; level < limits.delegationDepth; level++) deep = { sub: b, act: deep };
    const bad: object[] = [
      { token_type: undefined },
      ...[undefined, [], ['d1'], ['d1', 'd2', 'd3'], ['', 'd2'], 'd1'].map((delegations) => ({
        delegations,
      })),
      ...[undefined, null, [], {}, { sub: 'x' }, { sub: c }, { sub: c, act: null }, { sub: c, act: { sub: b }, x: 1 }].map((act) => ({ act })), // prettier-ignore
      { act: deep, delegations: Array.from({ length: limits.delegationDepth + 1 }, () => 'd') },
    ];
    for (const over of bad)
      expect([over, await codeOf(signed(header, { ...claims, ...delegated, ...over }))]).toEqual([
        over,
        'CREDENTIAL_INVALID',
      ]);
  });

  it('a token whose signing key is gone / is refused at once, also from memory', async () => {
    const token = signed(header, claims);
    expect(await codeOf(token)).toBe('accepted');
    directory.clear();
    expect(await codeOf(token)).toBe('CREDENTIAL_INVALID');
  });

  it('a token without a signature, in every spelling of "none" / is refused', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '', null, undefined, 0])
      for (const end of ['', toBase64url(new Uint8Array(64))])
        expect(await codeOf(`${encode({ ...header, alg })}.${encode(claims)}.${end}`)).toBe(
          'CREDENTIAL_INVALID',
        );
  });

  it('a token with a MAC under the public key, however that is written down / is refused', async () => {
    const spki = publicKeyObject(keys.publicKey).export({ type: 'spki', format: 'der' });
    const pem = publicKeyObject(keys.publicKey).export({ type: 'spki', format: 'pem' });
    const jwk = JSON.stringify(publicKeyObject(keys.publicKey).export({ format: 'jwk' }));
    const secrets = [
      keys.publicKey,
      toBase64url(keys.publicKey),
      spki,
      pem,
      String(pem).trim(),
      jwk,
      kid,
      '',
    ];
    for (const alg of ['HS256', 'HS384', 'HS512'])
      for (const secret of secrets) {
        const text = `${encode({ ...header, alg })}.${encode(claims)}`;
        const mac = createHmac(alg.replace('HS', 'sha'), secret).update(text).digest('base64url');
        expect(await codeOf(`${text}.${mac}`)).toBe('CREDENTIAL_INVALID');
      }
  });

  it('a header that is not exactly that of an access token / is refused', async () => {
    const mine = generateEd25519();
    const jwk = publicKeyObject(mine.publicKey).export({ format: 'jwk' });
    const bad: object[] = [
      ...['JWT', 'dpop+jwt', 'AT+JWT ', '', null, 1].map((typ) => ({ ...header, typ })),
      { alg: 'EdDSA', kid },
      ...['RS256', 'ES256', 'PS256', 'Ed448', 'eddsa'].map((alg) => ({ ...header, alg })),
      ...[['exp'], ['x'], [], 'x', ['b64']].map((crit) => ({ ...header, crit, x: 1 })),
      { ...header, crit: ['b64'], b64: false },
      { ...header, b64: false, crit: [] },
      ...['other', '', '../../etc/passwd', "' OR 1=1 --", '__proto__', 'constructor', `${kid}\0`, ` ${kid}`].map((id) => ({ ...header, kid: id })), // prettier-ignore
      ...[null, 0, {}, [[]]].map((id) => ({ ...header, kid: id })),
      { alg: 'EdDSA', typ: 'at+jwt' },
    ];
    for (const head of bad)
      expect([head, await codeOf(signed(head, claims))]).toEqual([head, 'CREDENTIAL_INVALID']);
    // A key that the token brings along itself proves nothing.
    for (const extra of [
      { jwk },
      { jwk, kid: 'mine' },
      { jku: 'https://x', x5u: 'https://x', x5c: ['AAAA'] },
    ])
      expect(await codeOf(signed({ ...header, ...extra }, claims, mine))).toBe('CREDENTIAL_INVALID');
  });

  it('a signature by another key / is refused, and nobody learns whether the token would have expired', async () => {
    expect(await codeOf(signed(header, claims, generateEd25519()))).toBe('CREDENTIAL_INVALID');
    expect(await codeOf(signed(header, { ...claims, exp: 1 }, generateEd25519()))).toBe('CREDENTIAL_INVALID');
  });

  it('claims that are missing or not ours / are refused', async () => {
    const names = Object.keys(claims) as (keyof typeof claims)[];
    for (const name of names)
      expect([name, await codeOf(signed(header, without(name)))]).toEqual([name, 'CREDENTIAL_INVALID']);
    const bad: object[] = [
      ...['elsewhere', '', 'Concordat', ['elsewhere'], null].map((aud) => ({ aud })),
      ...['elsewhere', ['concordat'], null].map((iss) => ({ iss })),
      ...['', 'x', 'did:key:z6Mk', `${did}x`, 7].map((sub) => ({ sub })),
      ...['', 'x'.repeat(65), 7].map((jti) => ({ jti })),
      ...['', 'UPPER', 'a b', '../x', 7].map((tenant) => ({ tenant })),
      ...['root', 'read,write', ['read'], 7].map((scope) => ({ scope })),
      ...['', '5', '1-5-6', '-1-5', '01-5', 7].map((iam_position) => ({ iam_position })),
      ...['soon', null, 1e400, claims.exp + 0.5].map((exp) => ({ exp })),
    ];
    for (const over of bad)
      expect([over, await codeOf(signed(header, { ...claims, ...over }))]).toEqual([
        over,
        'CREDENTIAL_INVALID',
      ]);
    for (const body of [null, [], 'x', 1])
      expect(await codeOf(signed(header, body))).toBe('CREDENTIAL_INVALID');
  });

  it('a token before its time / is refused, and so is one that is older than tokens get', async () => {
    const skew = limits.clockSkewSeconds;
    const now = nowMs / 1_000;
    for (const over of [
      { nbf: now + skew + 1 },
      { iat: now + skew + 2 },
      { iat: now - limits.accessTokenSeconds - skew - 1 },
    ])
      expect([over, await codeOf(signed(header, { ...claims, ...over }))]).not.toEqual([over, 'accepted']);
    const old = { iat: now - 10_000, exp: now + 10_000 };
    expect(await codeOf(signed(header, { ...claims, ...old }))).not.toBe('accepted');
    expect(await codeOf(signed(header, { ...claims, nbf: now + skew - 1 }))).toBe('accepted');
  });

  it('a token that was accepted / is refused from the moment it expires, also from memory', async () => {
    const token = signed(header, claims);
    expect(await codeOf(token)).toBe('accepted');
    nowMs = claims.exp * 1_000 - 1;
    expect(await codeOf(token)).toBe('accepted');
    nowMs = claims.exp * 1_000;
    expect(await codeOf(token)).toBe('TOKEN_EXPIRED');
    expect(await codeOf(signed(header, { ...claims, jti: 'another' }))).toBe('TOKEN_EXPIRED');
  });

  it('another spelling of the same token / is refused, also after the token itself was accepted', async () => {
    const token = signed(header, claims);
    await tokens.verify(token);
    const [head, body, signature] = token.split('.') as [string, string, string];
    // 64 bytes leave four unused bits in the last character: 15 other spellings of the same signature.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const spellings = [...alphabet]
      .map((last) => signature.slice(0, -1) + last)
      .filter(
        (text) =>
          text !== signature && Buffer.from(text, 'base64url').equals(Buffer.from(signature, 'base64url')),
      );
    expect(spellings).toHaveLength(15);
    const others = [
      ...spellings.map((text) => `${head}.${body}.${text}`),
      ...['=', '==', ' ', '\n', '.', '..', '.x'].flatMap((end) => [
        token + end,
        `${head}${end}.${body}.${signature}`,
      ]),
      ...[` ${token}`, `${head}..${body}.${signature}`, `${head}.${body}`, head, '', '.', '..', '...'],
      token.replaceAll('-', '+').replaceAll('_', '/') + (/[-_]/.test(token) ? '' : '='),
    ];
    for (const other of others) expect(await codeOf(other)).toBe('CREDENTIAL_INVALID');
  });

  it('a token in which any character was changed / is refused', async () => {
    const token = signed(header, claims);
    await tokens.verify(token);
    const change = fc.record({
      at: fc.nat({ max: token.length - 1 }),
      to: fc.constantFrom(...'AZaz09-_.=+/ \0é'),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, to }) => {
        const other = token.slice(0, at) + to + token.slice(at + 1);
        if (other !== token) expect(await codeOf(other)).toBe('CREDENTIAL_INVALID');
      }),
      { numRuns: 500 },
    );
  });

  it('a token that is larger than any of ours / is refused before it is looked at', async () => {
    const large = signed(header, { ...claims, more: 'x'.repeat(4_096) });
    expect(await codeOf(large)).toBe('CREDENTIAL_INVALID');
    expect(await codeOf('x'.repeat(10_000_000))).toBe('CREDENTIAL_INVALID');
  });
});
