import { TokenRevoked, type WithdrawalEvent } from '@concordat/contracts';
import { type Changes, made } from './kind';

/** @param name `token:<jti>`, `session:<sid>` or `before:<subject>` */
export const withdrawalName = (tenant: string, name: string): string => `withdrawal ${tenant} ${name}`;

export const withdrawalChanges: Changes<WithdrawalEvent> = {
  [TokenRevoked.type]: ({ name, until }, { tenant, at }) =>
    made(withdrawalName(tenant, name), { kind: 'withdrawal', tenant, name, position: at, until }),
};
