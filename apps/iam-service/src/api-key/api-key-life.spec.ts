import type { ApiKeyEvent } from '@concordat/contracts';
import fc from 'fast-check';
import { type ApiKeyCommand, apiKeyDecider, type ApiKeyState } from './api-key.decider';

const begin = Date.parse('2026-01-01T00:00:00.000Z');
const timeOf = (nowMs: number): string => new Date(nowMs).toISOString();
const ids = ['k0', 'k1', 'k2', 'k3', 'k4', 'k5'];

const step = fc.record({
  afterMs: fc.nat(100_000),
  what: fc.constantFrom('create', 'rotate', 'rotate', 'revoke', 'wait'),
  which: fc.nat(ids.length - 1),
  lifeMs: fc.option(fc.nat(300_000)),
  overlapMs: fc.nat(200_000),
});

/** The same in plain words: until when each key opens a door. */
class NaiveKeys {
  readonly endsMs = new Map<string, number>();
  readonly replaced = new Set<string>();

  isGood(id: string, nowMs: number): boolean {
    return (this.endsMs.get(id) ?? -Infinity) > nowMs;
  }

  create(id: string, endMs: number): boolean {
    if (this.endsMs.has(id)) return false;
    this.endsMs.set(id, endMs);
    return true;
  }

  rotate(id: string, overlapEndsMs: number, nowMs: number): boolean {
    if (!this.isGood(id, nowMs) || this.replaced.has(id)) return false;
    this.replaced.add(id);
    this.endsMs.set(id, Math.min(this.endsMs.get(id)!, overlapEndsMs));
    return true;
  }

  revoke(id: string): boolean {
    if (this.endsMs.has(id)) this.endsMs.set(id, -Infinity);
    return this.endsMs.has(id);
  }
}

/** As the doors judge what they are told: status and end. */
const isOpen = (key: ApiKeyState, nowMs: number): boolean =>
  key?.status === 'active' && (key.expiresAt === null || Date.parse(key.expiresAt) > nowMs);

describe('the life of API keys, whatever is asked and when', () => {
  it('is what plain words say', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const naive = new NaiveKeys();
        const states = new Map<string, ApiKeyState>();
        let nowMs = begin;
        const ask = (command: ApiKeyCommand): boolean => {
          try {
            const state = states.get(command.id);
            const events: readonly ApiKeyEvent[] = apiKeyDecider.decide(command, state);
            const fold = (before: ApiKeyState, event: ApiKeyEvent) =>
              apiKeyDecider.evolve(before, event, timeOf(nowMs));
            states.set(command.id, events.reduce(fold, state));
            return true;
          } catch {
            return false;
          }
        };
        for (const { afterMs, what, which, lifeMs, overlapMs } of steps) {
          nowMs += afterMs;
          const id = ids[which]!;
          const [endMs, overlapEndsMs] = [lifeMs === null ? Infinity : nowMs + lifeMs, nowMs + overlapMs];
          const expiresAt = lifeMs === null ? null : timeOf(endMs);
          if (what === 'create')
            expect(ask({ kind: 'CreateApiKey', id, name: 'n', hash: 'h', scopes: ['read'], expiresAt })).toBe(
              naive.create(id, endMs),
            );
          if (what === 'rotate')
            expect(
              ask({
                kind: 'RotateApiKey',
                id,
                rotatedTo: 'next',
                now: timeOf(nowMs),
                overlapEndsAt: timeOf(overlapEndsMs),
              }),
            ).toBe(naive.rotate(id, overlapEndsMs, nowMs));
          if (what === 'revoke') expect(ask({ kind: 'RevokeApiKey', id })).toBe(naive.revoke(id));
          for (const key of ids)
            expect([key, isOpen(states.get(key), nowMs)]).toEqual([key, naive.isGood(key, nowMs)]);
        }
      }),
      { numRuns: 500 },
    );
  });
});
