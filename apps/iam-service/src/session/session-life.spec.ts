import type { SessionEvent } from '@concordat/contracts';
import fc from 'fast-check';
import { type SessionCommand, sessionDecider, type SessionState } from './session.decider';

const id = '0198f3d2-8b21-7d4f-8c6b-4a3f2e1d5c6b';
const userId = '0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5a';
const begin = Date.parse('2026-01-01T00:00:00.000Z');
const day = 86_400_000;
const timeOf = (nowMs: number): string => new Date(nowMs).toISOString();

const step = fc.record({
  afterMs: fc.oneof(fc.nat(40_000), fc.nat(2 * day), fc.nat(8 * day)),
  what: fc.constantFrom('trade', 'trade', 'trade', 'end'),
  /** Which of the tokens issued so far, counted back from the newest. */
  back: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(20)),
});

/** The same in plain words: a list of tokens, of which one is good, and perhaps the one that it was given for. */
class NaiveSession {
  #good = 0;
  #before: { token: number; sinceMs: number } | undefined;
  #refreshedMs = begin;
  isOver = false;
  issued = 1;

  trade(token: number, nowMs: number): boolean {
    if (this.isOver || nowMs >= this.#refreshedMs + 7 * day || nowMs >= begin + 30 * day) return false;
    const isAgain = this.#before?.token === token && nowMs - this.#before.sinceMs <= 30_000;
    if (token !== this.#good && !isAgain) {
      this.isOver = true;
      return false;
    }
    if (!isAgain) this.#before = { token, sinceMs: nowMs };
    [this.#good, this.#refreshedMs] = [this.issued++, nowMs];
    return true;
  }
}

describe('the life of a session, whichever token comes and when', () => {
  it('is what plain words say, and never goes on once it was over', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const naive = new NaiveSession();
        let state: SessionState;
        let nowMs = begin;
        const ask = (command: SessionCommand): readonly SessionEvent[] | 'refused' => {
          try {
            const events = sessionDecider.decide(command, state);
            for (const event of events) state = sessionDecider.evolve(state, event, timeOf(nowMs));
            return events;
          } catch {
            return 'refused';
          }
        };
        ask({
          kind: 'OpenSession',
          id,
          userId,
          refreshHash: '0',
          tokenId: 't',
          expiresAt: timeOf(begin + 30 * day),
        });
        for (const { afterMs, what, back } of steps) {
          nowMs += afterMs;
          if (what === 'end' && back > 0) {
            ask({ kind: 'EndSession', id, reason: 'revoked' });
            naive.isOver = true;
            continue;
          }
          const token = Math.max(naive.issued - 1 - back, 0);
          const answer = ask({
            ...{ kind: 'RefreshSession', id, tradedHash: String(token), refreshHash: String(naive.issued) },
            ...{ tokenId: 't', now: timeOf(nowMs) },
          });
          const isTraded = answer !== 'refused' && state!.endedAt === null;
          expect(isTraded).toBe(naive.trade(token, nowMs));
          expect(state!.endedAt !== null).toBe(naive.isOver);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
