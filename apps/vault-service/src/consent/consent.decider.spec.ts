import { type ConsentEvent, ConsentGranted, ConsentWithdrawn } from '@concordat/contracts';
import { specification } from '@concordat/eventsourcing';
import { consentDecider, type GrantConsent, type WithdrawConsent } from './consent.decider';

const given = specification(consentDecider);
const persona = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';
const grantee = 'did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH';
const expiresAt = '2026-02-01T00:00:00.000Z';

const grant: GrantConsent = { kind: 'GrantConsent', persona, grantee, scopes: ['read'], expiresAt: null };
const withdraw: WithdrawConsent = { kind: 'WithdrawConsent', persona, grantee };
const granted: ConsentEvent = {
  type: ConsentGranted.type,
  data: { persona, grantee, scopes: ['read'], expiresAt: null },
};
const withdrawn: ConsentEvent = { type: ConsentWithdrawn.type, data: { persona, grantee } };

describe('two agents without a consent', () => {
  it('get one', () => given([]).when(grant).then([granted]));
  it('have none to withdraw', () => given([]).when(withdraw).refuses('CONSENT_UNKNOWN'));
  it('are two: a persona grants nothing to itself', () =>
    given([])
      .when({ ...grant, grantee: persona })
      .refuses('INPUT_INVALID'));
  it('get every scope once, in one order', () =>
    given([])
      .when({ ...grant, scopes: ['write', 'read', 'write'] })
      .then([
        { type: ConsentGranted.type, data: { persona, grantee, scopes: ['read', 'write'], expiresAt: null } },
      ]));
});

describe('a consent', () => {
  it('takes new scopes and a new expiry in place of the old ones', () => {
    const wider: ConsentEvent = {
      type: ConsentGranted.type,
      data: { persona, grantee, scopes: ['write'], expiresAt },
    };
    given([granted])
      .when({ ...grant, scopes: ['write'], expiresAt })
      .then([wider]);
    expect(given([granted, wider]).state).toMatchObject({ scopes: ['write'], expiresAt });
  });
  it('is granted again by an event of its own, also when nothing changes', () =>
    given([granted]).when(grant).then([granted]));
  it('is withdrawn', () => given([granted]).when(withdraw).then([withdrawn]));
});

describe('a withdrawn consent', () => {
  it('cannot be withdrawn again', () =>
    given([granted, withdrawn]).when(withdraw).refuses('CONSENT_UNKNOWN'));
  it('can be granted anew', () => {
    given([granted, withdrawn]).when(grant).then([granted]);
    expect(given([granted, withdrawn, granted]).state).toMatchObject({ status: 'granted' });
  });
});
