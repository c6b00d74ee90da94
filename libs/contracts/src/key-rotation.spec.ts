import { challengeText } from './challenge';
import { type KeyRotation, keyRotationText } from './key-rotation';

const facts: KeyRotation = {
  audience: 'concordat',
  tenant: 'default',
  did: 'did:web:localhost%3A7400:agents:default:6f9619ff-8b86-8011-b42d-00cf4fc964ff',
  oldKeyId: 'old',
  newKeyId: 'new',
  signedAt: '2026-01-01T00:00:00.000Z',
};

describe('the statement of a key rotation', () => {
  it('says every fact on a line of its own', () => {
    expect(keyRotationText(facts)).toBe(
      [
        'Concordat key rotation v1',
        'purpose: replace the key of an agent',
        'audience: concordat',
        'tenant: default',
        'did: did:web:localhost%3A7400:agents:default:6f9619ff-8b86-8011-b42d-00cf4fc964ff',
        'old key: old',
        'new key: new',
        'signed: 2026-01-01T00:00:00.000Z',
        '',
      ].join('\n'),
    );
  });

  it('differs with every fact', () => {
    const texts = Object.keys(facts).map((fact) => keyRotationText({ ...facts, [fact]: 'other' }));
    expect(new Set([keyRotationText(facts), ...texts]).size).toBe(Object.keys(facts).length + 1);
  });

  it('is never a challenge', () => {
    const { audience, tenant, did } = facts;
    const challenge = challengeText({ audience, tenant, did, nonce: 'n', expiresAt: facts.signedAt });
    expect(keyRotationText(facts).split('\n')[0]).not.toBe(challenge.split('\n')[0]);
  });
});
