import { badRequest, type ErrorDefinition } from './error-definition';

/** It would do, were the state another one. */
const stands = { status: 409, grpc: 'FAILED_PRECONDITION' } as const;

/** What is refused of agents, their keys, controllers, types and delegations; part of the catalogue. */
export const agentErrors = {
  KEY_PROOF_INVALID: {
    ...badRequest,
    title: 'The proof that the new key is held is not valid.',
    fix: 'Sign the statement of the rotation, made now and naming the current key, with the new key; the SDK has `proveNewKey`.',
  },
  AGENT_TYPE_UNKNOWN: {
    ...badRequest,
    title: 'There is no such agent type in this tenant.',
    fix: 'Use COPILOT, GEMINI, CLAUDE, CLINE or SERVICE, or define the type: PUT /v1/agent-types/{name}.',
  },
  AGENT_SUSPENDED: {
    ...stands,
    title: 'The agent is suspended.',
    fix: 'Have an administrator resume it (POST /v1/agents/{did}/resume), or name another agent.',
  },
  CONTROLLER_CYCLE: {
    ...stands,
    title: 'The agent would come to control itself.',
    fix: 'Name a controller that is not, by whatever chain, controlled by this agent.',
  },
  CONTROLLER_CHAIN_TOO_LONG: {
    ...stands,
    title: 'The chain of controllers would become too long.',
    fix: 'Name a controller nearer to the top; docs/limits.md has the bound (`controllerDepth`).',
  },
  AGENT_TYPE_IN_USE: {
    ...stands,
    title: 'There are agents of this type.',
    fix: 'Give them another type, or erase them; GET /v1/agents?type= lists them.',
  },
  AGENT_TYPES_FULL: {
    ...stands,
    title: 'The tenant has as many agent types as it can have.',
    fix: 'Remove one that no agent is of: DELETE /v1/agent-types/{name}.',
  },
  DELEGATIONS_FULL: {
    ...stands,
    title: 'The agent has handed on as much as it can at a time.',
    fix: 'Take back what nobody needs (DELETE /v1/delegations/{id}), or let it end; docs/limits.md has the bound (`delegationsPerAgent`).',
  },
  DID_KEY_FIXED: {
    ...stands,
    title: 'A did:key is its key, so the key cannot be replaced.',
    fix: 'Register a managed identity (`didMethod: "web"`), whose keys can rotate, and revoke this one.',
  },
  KEY_ALREADY_USED: {
    status: 409,
    grpc: 'ALREADY_EXISTS',
    title: 'The agent has had this key before.',
    fix: 'Generate a new key; one that was replaced never comes back.',
  },
  KEY_HISTORY_FULL: {
    ...stands,
    title: 'The identity has had as many keys as it can have.',
    fix: 'Register a new identity; docs/limits.md has the bound (`agentKeys`).',
  },
} as const satisfies Readonly<Record<string, ErrorDefinition>>;
