import { calculateJwkThumbprint } from 'jose';
import { toBase64url } from './bytes';
import { generateEd25519 } from './ed25519';
import { jwkThumbprint } from './jwk-thumbprint';

describe('the thumbprint of a key', () => {
  it('is that of the example of RFC 8037, appendix A.3', () => {
    expect(jwkThumbprint('11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo')).toBe(
      'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
    );
  });

  it('is what jose makes of the same key', async () => {
    const x = toBase64url(generateEd25519().publicKey);
    expect(jwkThumbprint(x)).toBe(await calculateJwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x }));
  });
});
