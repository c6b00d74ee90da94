import { keyRotationText, operations } from '@concordat/contracts';
import { ed25519Verify, fromBase64url, keyId, parsePublicKey, utf8 } from '@concordat/crypto';
import { newAgentKey, readAgentKey } from './agent-key';
import { proveNewKey } from './new-key-proof';

const did = 'did:web:localhost%3A7400:agents:default:6f9619ff-8b86-8011-b42d-00cf4fc964ff';

describe('the proof of a new key', () => {
  it('is a signature by it over what it is for', () => {
    const { secretKey, publicKey } = newAgentKey();
    const now = () => new Date(0);
    const input = proveNewKey({ did, oldKeyId: 'old', secretKey, tenant: 'acme', audience: 'here', now });
    expect(operations['agent.rotateKey'].input.parse(input)).toEqual(input);
    const bytes = parsePublicKey(publicKey)!;
    const text = keyRotationText({
      ...{ audience: 'here', tenant: 'acme', did, oldKeyId: 'old', newKeyId: keyId(bytes) },
      signedAt: '1970-01-01T00:00:00.000Z',
    });
    expect(input).toMatchObject({ did, publicKey, proof: { oldKeyId: 'old' } });
    expect(ed25519Verify(fromBase64url(input.proof.signature)!, utf8(text), bytes)).toBe(true);
  });

  it('needs a key', () => {
    expect(() => proveNewKey({ did, oldKeyId: 'old', secretKey: 'x' })).toThrow('must be 32 bytes');
  });
});

describe('the key of a managed identity', () => {
  it('is any: the DID does not follow from it', () => {
    const { secretKey } = newAgentKey();
    expect(readAgentKey({ secretKey, did })).toMatchObject({ did, tenant: 'default' });
    expect(() => readAgentKey({ secretKey, did: newAgentKey().did })).toThrow('the secret key is that of');
  });
});
