import type { Role, UserEvent } from '@concordat/contracts';
import fc from 'fast-check';
import { type UserCommand, userDecider, type UserState } from './user.decider';

const id = '0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5a';
const begin = Date.parse('2026-01-01T00:00:00.000Z');

/** What may be asked, and how much later than what was asked before. */
const step = fc.record({
  afterMs: fc.oneof(fc.constant(0), fc.nat(5_000), fc.nat(2_000_000)),
  ask: fc.constantFrom(
    ...([
      'create',
      'right',
      'wrong',
      'wrong',
      'wrong',
      'disable',
      'enable',
      'reset',
      'roles',
      'erase',
    ] as const),
  ),
});

/** The same in plain words: what a user is, and who may come in. */
class NaiveUser {
  status: 'none' | 'active' | 'disabled' | 'erased' = 'none';
  roles: Role[] = [];
  failures = 0;
  lockedUntilMs = 0;

  /** @returns what is answered */
  ask(what: string, nowMs: number): 'ok' | 'refused' {
    if (what === 'create') {
      if (this.status !== 'none') return 'refused';
      [this.status, this.roles] = ['active', ['user']];
      return 'ok';
    }
    if (this.status === 'none') return 'refused';
    if (what === 'erase') {
      Object.assign(this, { status: 'erased', failures: 0, lockedUntilMs: 0 });
      return 'ok';
    }
    if (this.status === 'erased') return 'refused';
    if (what === 'right' || what === 'wrong') return this.#login(what === 'right', nowMs);
    if (what === 'disable') this.status = 'disabled';
    if (what === 'enable') this.status = 'active';
    if (what === 'enable' || what === 'reset') [this.failures, this.lockedUntilMs] = [0, 0];
    if (what === 'roles') this.roles = ['sre'];
    return 'ok';
  }

  #login(isRight: boolean, nowMs: number): 'ok' | 'refused' {
    if (this.status !== 'active' || nowMs < this.lockedUntilMs) return 'refused';
    if (isRight) [this.failures, this.lockedUntilMs] = [0, 0];
    else {
      this.failures++;
      const locks = [30, 60, 120, 240, 480, 900].map((seconds) => seconds * 1_000);
      if (this.failures >= 5) this.lockedUntilMs = nowMs + (locks[this.failures - 5] ?? 900_000);
    }
    return 'ok';
  }
}

function commandOf(ask: string, state: UserState, nowMs: number): UserCommand {
  const now = new Date(nowMs).toISOString();
  const against = state?.passwordHash ?? '-';
  switch (ask) {
    case 'create':
      return { kind: 'CreateUser', id, email: 'a@b.c', name: 'A', roles: ['user'], passwordHash: 'h' };
    case 'right':
    case 'wrong':
      return { kind: 'JudgeLogin', id, against, isRight: ask === 'right', now };
    case 'reset':
      return { kind: 'SetPassword', id, passwordHash: 'h', cause: 'reset' };
    case 'roles':
      return { kind: 'UpdateUser', id, roles: ['sre'] };
    case 'erase':
      return { kind: 'EraseUser', id };
    default:
      return { kind: 'UpdateUser', id, status: ask === 'disable' ? 'disabled' : 'active' };
  }
}

describe('the life of a user, whatever is asked and when', () => {
  it('is what plain words say', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const naive = new NaiveUser();
        let state: UserState;
        let nowMs = begin;
        for (const { afterMs, ask } of steps) {
          nowMs += afterMs;
          const time = new Date(nowMs).toISOString();
          let answer: 'ok' | 'refused' = 'ok';
          let events: readonly UserEvent[] = [];
          try {
            events = userDecider.decide(commandOf(ask, state, nowMs), state);
          } catch {
            answer = 'refused';
          }
          for (const event of events) state = userDecider.evolve(state, event, time);
          expect([ask, answer]).toEqual([ask, naive.ask(ask, nowMs)]);
          expect(state?.status ?? 'none').toBe(naive.status);
          expect(state?.failures ?? 0).toBe(naive.failures);
          expect(state?.roles ?? []).toEqual(naive.roles);
        }
      }),
      { numRuns: 500 },
    );
  });
});
