import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { isConcordatError, type ErrorCode } from '@concordat/contracts';
import type { Decider, DomainEvent } from './decider';

/**
 * Given what happened, when somebody asks, then this happens:
 * `given([registered]).when(revoke).then([revoked])`, or `.refuses('AGENT_REVOKED')`.
 */
export const specification =
  <C, E extends DomainEvent, S>(decider: Decider<C, E, S>, time = '2026-01-01T00:00:00.000Z') =>
  (history: readonly E[]) => {
    const state = history.reduce(
      (folded, event) => decider.evolve(folded, event, time),
      decider.initialState,
    );
    return {
      state,
      when: (command: C) => ({
        then(expected: readonly E[]): void {
          deepStrictEqual([...decider.decide(command, state)], [...expected]);
        },
        refuses(code: ErrorCode): void {
          strictEqual(
            codeOf(() => decider.decide(command, state)),
            code,
          );
        },
      }),
    };
  };

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'accepted';
  } catch (error) {
    if (isConcordatError(error)) return error.code;
    throw error;
  }
}
