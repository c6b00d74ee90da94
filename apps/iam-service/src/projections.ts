import {
  AgentErased,
  AgentRegistered,
  AgentRevoked,
  ApiKeyCreated,
  ApiKeyRevoked,
  SigningKeyActivated,
  TokenIssued,
} from '@concordat/contracts';
import { combineProjections } from '@concordat/eventsourcing';
import { agentProjection } from './agent/agent.projection';
import { apiKeyProjection } from './api-key/api-key.projection';
import { handshakeProjection } from './handshake/handshake.projection';
import { signingKeyProjection } from './signing-key/signing-key.projection';

/** What each event of iam does to its tables, for rebuilding them. A rebuild stops at an event that is not here. */
export const iamProjections = combineProjections(
  [[AgentRegistered, AgentRevoked, AgentErased], agentProjection],
  [[ApiKeyCreated, ApiKeyRevoked], apiKeyProjection],
  [[TokenIssued], handshakeProjection],
  [[SigningKeyActivated], signingKeyProjection],
);
