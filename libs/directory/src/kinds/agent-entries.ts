import {
  AgentErased,
  type AgentEvent,
  AgentKeyRotated,
  AgentReassigned,
  AgentRegistered,
  AgentResumed,
  AgentRevoked,
  AgentSuspended,
  AgentUpdated,
  AgentVerificationWithdrawn,
  AgentVerificationGranted,
  type DirectoryEntry,
} from '@concordat/contracts';
import { type Change, changed, type Changes, made } from './kind';

export const agentName = (tenant: string, did: string): string => `agent ${tenant} ${did}`;

type Agent = Extract<DirectoryEntry, { kind: 'agent' }>;

const agentChanged = (tenant: string, did: string, over: Partial<Agent>): Change =>
  changed<'agent'>(agentName(tenant, did), over);

export const agentChanges: Changes<AgentEvent> = {
  [AgentRegistered.type]: (
    { did, agentType, publicKeys, controllerDid, relationshipType },
    { tenant, actor },
  ) =>
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
      relationshipType,
    }),
  // Name and metadata are sealed, and nobody here needs them; the entry only gets the position.
  [AgentUpdated.type]: ({ did }, { tenant }) => agentChanged(tenant, did, {}),
  [AgentReassigned.type]: ({ did, agentType, controllerDid, relationshipType }, { tenant }) =>
    agentChanged(tenant, did, { type: agentType, controllerDid, relationshipType }),
  [AgentSuspended.type]: ({ did }, { tenant }) => agentChanged(tenant, did, { status: 'suspended' }),
  [AgentResumed.type]: ({ did }, { tenant }) => agentChanged(tenant, did, { status: 'active' }),
  [AgentKeyRotated.type]: ({ did, publicKeys }, { tenant }) => agentChanged(tenant, did, { publicKeys }),
  [AgentVerificationGranted.type]: ({ did }, { tenant }) => agentChanged(tenant, did, { verified: true }),
  [AgentVerificationWithdrawn.type]: ({ did }, { tenant }) => agentChanged(tenant, did, { verified: false }),
  [AgentRevoked.type]: ({ did }, { tenant }) => agentChanged(tenant, did, { status: 'revoked' }),
  [AgentErased.type]: ({ did }, { tenant }) =>
    agentChanged(tenant, did, { status: 'erased', verified: false }),
};
