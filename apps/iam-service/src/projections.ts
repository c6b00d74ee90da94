import {
  AgentErased,
  AgentKeyRotated,
  AgentReassigned,
  AgentRegistered,
  AgentResumed,
  AgentRevoked,
  AgentSuspended,
  AgentTypeDefined,
  AgentTypeRemoved,
  AgentUpdated,
  AgentVerificationGranted,
  AgentVerificationWithdrawn,
  ApiKeyCreated,
  ApiKeyRevoked,
  ApiKeyRotated,
  DelegationCreated,
  DelegationRevoked,
  LoginFailed,
  LoginUnlocked,
  PolicyPublished,
  PolicyRemoved,
  SessionEnded,
  SessionOpened,
  SessionRefreshed,
  SigningKeyActivated,
  SigningKeyRetired,
  TokenExchanged,
  TokenIssued,
  TokenRevoked,
  UserChanged,
  UserCreated,
  UserDisabled,
  UserEnabled,
  UserErased,
  UserPasswordChanged,
  UserRolesChanged,
} from '@concordat/contracts';
import { combineProjections } from '@concordat/eventsourcing';
import { agentProjection } from './agent/agent.projection';
import { agentTypeProjection } from './agent-type/agent-type.projection';
import { apiKeyProjection } from './api-key/api-key.projection';
import { delegationProjection } from './delegation/delegation.projection';
import { handshakeProjection } from './handshake/handshake.projection';
import { policyProjection } from './policy/policy.projection';
import { sessionProjection } from './session/session.projection';
import { signingKeyProjection } from './signing-key/signing-key.projection';
import { withdrawalProjection } from './token/withdrawal.projection';
import { userProjection } from './user/user.projection';

/** What each event of iam does to its tables, for rebuilding them. A rebuild stops at an event that is not here. */
export const iamProjections = combineProjections(
  [
    [
      ...[AgentRegistered, AgentUpdated, AgentReassigned, AgentKeyRotated],
      ...[AgentVerificationGranted, AgentVerificationWithdrawn],
      ...[AgentSuspended, AgentResumed, AgentRevoked, AgentErased],
    ],
    agentProjection,
  ],
  [[AgentTypeDefined, AgentTypeRemoved], agentTypeProjection],
  [[ApiKeyCreated, ApiKeyRotated, ApiKeyRevoked], apiKeyProjection],
  [[TokenIssued], handshakeProjection],
  [[TokenRevoked], withdrawalProjection],
  [[TokenExchanged], () => []],
  [[DelegationCreated, DelegationRevoked], delegationProjection],
  [[SigningKeyActivated, SigningKeyRetired], signingKeyProjection],
  [[PolicyPublished, PolicyRemoved], policyProjection],
  [
    [
      ...[UserCreated, UserChanged, UserRolesChanged, UserPasswordChanged],
      ...[UserDisabled, UserEnabled, UserErased, LoginFailed, LoginUnlocked],
    ],
    userProjection,
  ],
  [[SessionOpened, SessionRefreshed, SessionEnded], sessionProjection],
);

/** When credentials were last used, no event says: gateways report it (credential.projection.ts). */
export const iamKept = { agent_identities: ['last_seen'], api_keys: ['last_used_at'] } as const;
