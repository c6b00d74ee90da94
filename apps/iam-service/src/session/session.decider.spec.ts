import { SessionEnded, type SessionEvent, SessionOpened, SessionRefreshed } from '@concordat/contracts';
import { specification } from '@concordat/eventsourcing';
import { type SessionCommand, sessionDecider, sessionEnd } from './session.decider';

const opened0 = '2026-01-01T00:00:00.000Z';
const given = specification(sessionDecider, opened0);
const id = '0198f3d2-8b21-7d4f-8c6b-4a3f2e1d5c6b';
const userId = '0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5a';
const expiresAt = '2026-01-31T00:00:00.000Z';

const open: SessionCommand = { kind: 'OpenSession', id, userId, refreshHash: 'r1', tokenId: 't1', expiresAt };
const trade = (tradedHash: string, refreshHash: string, now = opened0): SessionCommand => ({
  ...{ kind: 'RefreshSession', id, tradedHash, refreshHash, tokenId: 't', now },
});
const end: SessionCommand = { kind: 'EndSession', id, reason: 'logged-out' };

const opened: SessionEvent = {
  type: SessionOpened.type,
  data: { id, userId, refreshHash: 'r1', tokenId: 't1', expiresAt },
};
const traded = (tradedHash: string, refreshHash: string): SessionEvent => ({
  type: SessionRefreshed.type,
  data: { id, userId, tradedHash, refreshHash, tokenId: 't' },
});
const ended = (reason: 'logged-out' | 'replayed'): SessionEvent => ({
  type: SessionEnded.type,
  data: { id, userId, reason },
});

describe('an id without a session', () => {
  it('gets one', () => given([]).when(open).then([opened]));
  it('has nothing to refresh and nothing to end', () => {
    given([]).when(trade('r1', 'r2')).refuses('REFRESH_REFUSED');
    given([]).when(end).refuses('SESSION_UNKNOWN');
  });
});

describe('a session', () => {
  it('is not opened again', () => given([opened]).when(open).refuses('VERSION_CONFLICT'));
  it('trades its token for the next one', () =>
    given([opened])
      .when(trade('r1', 'r2'))
      .then([traded('r1', 'r2')]));
  it('trades the same token again for half a minute, when the answer was lost', () => {
    const history = [opened, traded('r1', 'r2')];
    given(history)
      .when(trade('r1', 'r3', '2026-01-01T00:00:30.000Z'))
      .then([traded('r1', 'r3')]);
    given(history)
      .when(trade('r1', 'r3', '2026-01-01T00:00:30.001Z'))
      .then([ended('replayed')]);
  });
  it('ends when a token comes that was void since another was given instead', () =>
    given([opened, traded('r1', 'r2'), traded('r1', 'r3')])
      .when(trade('r2', 'r4'))
      .then([ended('replayed')]));
  it('ends when a token comes whose successor was used', () =>
    given([opened, traded('r1', 'r2'), traded('r2', 'r3')])
      .when(trade('r1', 'r4'))
      .then([ended('replayed')]));
  it('ends by itself when nobody refreshes it, and after its time however often it is refreshed', () => {
    const idle = trade('r1', 'r2', '2026-01-08T00:00:00.000Z');
    given([opened]).when(idle).refuses('REFRESH_REFUSED');
    expect(sessionEnd('2026-01-30T00:00:00.000Z', expiresAt)).toBe(expiresAt);
  });
  it('is ended once', () => {
    given([opened])
      .when(end)
      .then([ended('logged-out')]);
    given([opened, ended('logged-out')])
      .when(end)
      .then([]);
    given([opened, ended('logged-out')])
      .when(trade('r1', 'r2'))
      .refuses('REFRESH_REFUSED');
  });
  it('keeps no token in its state', () =>
    expect(JSON.stringify(given([opened]).state)).not.toContain('ccr_'));
});
