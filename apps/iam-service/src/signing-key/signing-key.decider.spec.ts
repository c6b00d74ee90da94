import { SigningKeyActivated, type SigningKeyEvent, SigningKeyRetired } from '@concordat/contracts';
import { specification } from '@concordat/eventsourcing';
import { type SigningKeyCommand, signingKeyDecider } from './signing-key.decider';

const given = specification(signingKeyDecider);
const key = (kid: string) => ({ alg: 'Ed25519' as const, kid, value: 'AAAA' });
const activate = (kid: string, revokePrevious = false): SigningKeyCommand => ({
  ...{ kind: 'ActivateSigningKey', publicKey: key(kid), revokePrevious },
});
const retire = (...kids: string[]): SigningKeyCommand => ({ kind: 'RetireSigningKeys', kids });
const activated = (kid: string): SigningKeyEvent => ({
  type: SigningKeyActivated.type,
  data: { publicKey: key(kid) },
});
const retired = (kid: string, reason: 'superseded' | 'revoked' = 'superseded'): SigningKeyEvent => ({
  type: SigningKeyRetired.type,
  data: { kid, reason },
});

describe('a signing key', () => {
  it('comes into use once, also when two ask for it', () => {
    given([])
      .when(activate('a'))
      .then([activated('a')]);
    given([activated('a')])
      .when(activate('a'))
      .then([]);
  });
  it('comes beside those before it', () =>
    given([activated('a')])
      .when(activate('b'))
      .then([activated('b')]));
  it('that is superseded is retired once', () => {
    given([activated('a'), activated('b')])
      .when(retire('a'))
      .then([retired('a')]);
    given([activated('a'), activated('b'), retired('a')])
      .when(retire('a'))
      .then([]);
  });
  it('that is the latest stays, and so do those that nobody named', () =>
    given([activated('a'), activated('b'), activated('c')])
      .when(retire('a', 'c', 'x'))
      .then([retired('a')]));
});

describe('signing keys that are not to be believed any more', () => {
  it('are retired with the event that brings the next one', () =>
    given([activated('a'), retired('a'), activated('b'), activated('c')])
      .when(activate('d', true))
      .then([activated('d'), retired('b', 'revoked'), retired('c', 'revoked')]));
});
