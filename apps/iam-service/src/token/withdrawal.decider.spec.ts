import { TokenRevoked, type WithdrawalEvent } from '@concordat/contracts';
import { specification } from '@concordat/eventsourcing';
import { type Withdraw, withdrawalDecider } from './withdrawal.decider';

const given = specification(withdrawalDecider);
const withdraw = (name: string): Withdraw => ({ name, subject: 's', until: '2026-01-01T00:15:00.000Z' });
const revoked = (name: string): WithdrawalEvent => ({ type: TokenRevoked.type, data: withdraw(name) });

describe('a token or a session', () => {
  it.each(['token:1', 'session:1'])('%s is withdrawn once', (name) => {
    given([])
      .when(withdraw(name))
      .then([revoked(name)]);
    given([revoked(name)])
      .when(withdraw(name))
      .then([]);
  });
});

describe('what was issued before a time', () => {
  it('is withdrawn every time anew, for there may be more of it now', () =>
    given([revoked('before:s')])
      .when(withdraw('before:s'))
      .then([revoked('before:s')]));
});
