import { generateEd25519, sha256, toBase64url, utf8 } from '@concordat/crypto';
import { EmbeddedJWK, jwtVerify } from 'jose';
import { keyProver } from './key-proof';

const { secretKey, publicKey } = generateEd25519();
const nowMs = 1_800_000_000_999;
const prove = keyProver(secretKey, () => nowMs);
const read = (proof: string) =>
  jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['EdDSA'], currentDate: new Date(nowMs) });

describe('a proof of the key of an agent', () => {
  it('is one to another implementation, for this request, this token and this key', async () => {
    const url = 'https://gate.example:8443/v1/agents/did%3Akey%3Az?limit=1';
    const { payload, protectedHeader } = await read(prove({ method: 'GET', url, token: 'a.b.c' }));
    expect(payload).toEqual({
      ...{ jti: expect.any(String) as string, htm: 'GET', iat: 1_800_000_000 },
      ...{
        htu: 'https://gate.example:8443/v1/agents/did%3Akey%3Az',
        ath: toBase64url(sha256(utf8('a.b.c'))),
      },
    });
    expect(protectedHeader.jwk).toEqual({ kty: 'OKP', crv: 'Ed25519', x: toBase64url(publicKey) });
  });

  it('without a token has no hash of one, and none is like another', async () => {
    const request = { method: 'POST', url: 'http://x/v1/auth/token', token: undefined };
    const [one, two] = await Promise.all([read(prove(request)), read(prove(request))]);
    expect(one.payload).not.toHaveProperty('ath');
    expect(one.payload.jti).not.toBe(two.payload.jti);
  });
});
