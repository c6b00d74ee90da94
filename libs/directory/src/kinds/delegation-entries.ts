import { DelegationCreated, type DelegationEvent, DelegationRevoked } from '@concordat/contracts';
import { type Changes, made, removed } from './kind';

export const delegationName = (tenant: string, id: string): string => `delegation ${tenant} ${id}`;

export const delegationChanges: Changes<DelegationEvent> = {
  [DelegationCreated.type]: ({ id, owner, to, parent, operations, expiresAt }, { tenant }) =>
    made(delegationName(tenant, id), {
      ...{ kind: 'delegation', tenant, id, owner, to, parent, operations, expiresAt },
    }),
  [DelegationRevoked.type]: ({ id }, { tenant }) => removed(delegationName(tenant, id)),
};
