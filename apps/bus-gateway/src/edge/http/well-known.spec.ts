import { didDocument } from './well-known';

const key = (kid: string, value: string) => ({
  kind: 'signingKey' as const,
  publicKey: { alg: 'Ed25519' as const, kid, value },
  activatedAt: '2026-01-01T00:00:00.000Z',
});

describe('the document of the operator (did:web, DID Core 1.0)', () => {
  it('has every signing key as a method of its own, for assertions', () => {
    expect(didDocument('gate.example', [key('k1', 'AAAA'), key('k2', 'BBBB')])).toEqual({
      '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/suites/jws-2020/v1'],
      id: 'did:web:gate.example',
      verificationMethod: ['k1', 'k2'].map((kid, i) => ({
        id: `did:web:gate.example#${kid}`,
        type: 'JsonWebKey2020',
        controller: 'did:web:gate.example',
        publicKeyJwk: { kty: 'OKP', crv: 'Ed25519', x: ['AAAA', 'BBBB'][i], alg: 'EdDSA', use: 'sig', kid },
      })),
      assertionMethod: ['did:web:gate.example#k1', 'did:web:gate.example#k2'],
    });
  });

  it('names a port as the method says', () => {
    expect(didDocument('gate.example:7400', []).id).toBe('did:web:gate.example%3A7400');
  });
});
