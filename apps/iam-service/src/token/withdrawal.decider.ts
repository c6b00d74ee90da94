import { TokenRevoked, type WithdrawalEvent } from '@concordat/contracts';
import type { Decider } from '@concordat/eventsourcing';

export interface Withdraw {
  /** `token:<jti>`, `session:<sid>` or `before:<subject>` */
  readonly name: string;
  readonly subject: string;
  /** RFC 3339 */
  readonly until: string;
}

/** When it was withdrawn last (RFC 3339), or undefined. */
export type WithdrawalState = { readonly at: string } | undefined;

/** A token or a session is withdrawn once; what was issued before a time, every time anew. */
export const withdrawalDecider: Decider<Withdraw, WithdrawalEvent, WithdrawalState> = {
  initialState: undefined,
  decide: ({ name, subject, until }, state) =>
    state && !name.startsWith('before:') ? [] : [{ type: TokenRevoked.type, data: { name, subject, until } }],
  evolve: (_state, _event, time) => ({ at: time }),
};
