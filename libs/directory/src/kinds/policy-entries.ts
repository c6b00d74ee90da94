import { type PolicyEvent, PolicyPublished, PolicyRemoved } from '@concordat/contracts';
import { changed, type Changes, made } from './kind';

export const policyName = (tenant: string, id: string): string => `policy ${tenant} ${id}`;

export const policyChanges: Changes<PolicyEvent> = {
  [PolicyPublished.type]: ({ policy }, { tenant }) =>
    made(policyName(tenant, policy.id), { kind: 'policy', tenant, id: policy.id, policy }),
  [PolicyRemoved.type]: ({ id }, { tenant }) => changed<'policy'>(policyName(tenant, id), { policy: null }),
};
