import { generateKeyPairSync } from 'node:crypto';
import { jwtVerify } from 'jose';
import { signAccessToken, type TokenFacts } from './access-token';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signer = { kid: 'k1', key: privateKey };
const facts: TokenFacts = {
  kind: 'agent',
  ...{
    tokenId: 't-1',
    tenant: 'default',
    did: 'did:key:zA',
    scopes: ['read', 'write'],
    keyThumbprint: 'thumb',
  },
  ...{ audience: 'https://gateway.example', position: { epoch: 7, position: 9 }, needsProof: true },
  ...{ issuedAt: '2026-01-01T00:00:00.900Z', expiresAt: '2026-01-01T00:05:00.000Z' },
};
const currentDate = new Date('2026-01-01T00:01:00.000Z');
const read = (token: string) =>
  jwtVerify(token, publicKey, { algorithms: ['EdDSA'], typ: 'at+jwt', currentDate });

describe('an access token', () => {
  it('is read by another implementation, with every claim', async () => {
    const { payload, protectedHeader } = await read(signAccessToken(facts, signer));
    expect(protectedHeader).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: 'k1' });
    expect(payload).toEqual({
      ...{ tenant: 'default', scope: 'read write', iam_position: '7-9', roles: ['agent'], jti: 't-1' },
      ...{ cnf: { jkt: 'thumb' }, token_type: 'DPoP', sub: 'did:key:zA' },
      ...{ iss: facts.audience, aud: facts.audience, iat: 1_767_225_600, exp: 1_767_225_900 },
    });
  });

  it('of a user names the session, and no key when it is bound to none', async () => {
    const { keyThumbprint: _key, needsProof: _proof, did: _did, ...frame } = facts;
    const user: TokenFacts = { ...frame, kind: 'user', userId: 'u1', roles: ['user'], sessionId: 's1' };
    const { payload } = await read(signAccessToken(user, signer));
    expect(payload).toMatchObject({ sub: 'u1', roles: ['user'], sid: 's1' });
    expect(Object.keys(payload)).not.toEqual(expect.arrayContaining(['cnf']));
    expect(Object.keys(payload)).not.toEqual(expect.arrayContaining(['token_type']));
  });

  it('keeps text that no alphabet of tokens has', async () => {
    const odd = { ...facts, did: 'did:web:ü.example:"\\\n€😀' };
    expect((await read(signAccessToken(odd, signer))).payload.sub).toBe(odd.did);
  });

  it.each([0, 1, 2])('does not survive a changed part %i', async (part) => {
    const parts = signAccessToken(facts, signer).split('.');
    const changed = Buffer.from(parts[part]!, 'base64url');
    changed[10]! ^= 1;
    parts[part] = changed.toString('base64url');
    await expect(read(parts.join('.'))).rejects.toThrow();
  });
});
