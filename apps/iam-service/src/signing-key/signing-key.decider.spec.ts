import { SigningKeyActivated, type SigningKeyEvent } from '@concordat/contracts';
import { specification } from '@concordat/eventsourcing';
import { signingKeyDecider } from './signing-key.decider';

const publicKey = { alg: 'Ed25519' as const, kid: 'k1', value: 'AA' };
const activated: SigningKeyEvent = { type: SigningKeyActivated.type, data: { publicKey } };
const given = specification(signingKeyDecider);

describe('a generation of the signing key', () => {
  it('comes into use', () => given([]).when({ publicKey }).then([activated]));
  it('comes into use once, whatever starts how often', () => given([activated]).when({ publicKey }).then([]));
});
