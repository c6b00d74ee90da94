import { isInForce, mayManageConsents, maySeeConsent } from './consent.access';

const scopes = ['read' as const];
const expiresAt = '2026-01-01T00:00:10.000Z';
const expiryMs = Date.parse(expiresAt);

describe('a consent', () => {
  it('without an expiry stays in force', () =>
    expect(isInForce({ scopes, expiresAt: null }, Number.MAX_SAFE_INTEGER)).toBe(true));
  it('is in force up to its expiry, and not at it', () => {
    expect(isInForce({ scopes, expiresAt }, expiryMs - 1)).toBe(true);
    expect(isInForce({ scopes, expiresAt }, expiryMs)).toBe(false);
    expect(isInForce({ scopes, expiresAt }, expiryMs + 1)).toBe(false);
  });
  it('is managed by its persona only', () => {
    expect(mayManageConsents('ada', 'ada')).toBe(true);
    expect(mayManageConsents('bob', 'ada')).toBe(false);
  });
  it('is seen by its persona and its grantee only', () => {
    expect(maySeeConsent('ada', 'ada', 'bob')).toBe(true);
    expect(maySeeConsent('bob', 'ada', 'bob')).toBe(true);
    expect(maySeeConsent('eve', 'ada', 'bob')).toBe(false);
  });
});
