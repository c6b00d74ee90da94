import { AgentErased, type AgentEvent, AgentRegistered, AgentRevoked } from '@concordat/contracts';
import { changed, type Changes, made } from './kind';

export const agentName = (tenant: string, did: string): string => `agent ${tenant} ${did}`;

export const agentChanges: Changes<AgentEvent> = {
  [AgentRegistered.type]: ({ did, agentType, publicKeys, controllerDid }, { tenant, actor }) =>
    made(agentName(tenant, did), {
      kind: 'agent',
      tenant,
      did,
      type: agentType,
      status: 'active',
      publicKeys,
      verified: false,
      controllerDid,
      registeredBy: actor,
    }),
  [AgentRevoked.type]: ({ did }, { tenant }) =>
    changed<'agent'>(agentName(tenant, did), { status: 'revoked' }),
  [AgentErased.type]: ({ did }, { tenant }) => changed<'agent'>(agentName(tenant, did), { status: 'erased' }),
};
