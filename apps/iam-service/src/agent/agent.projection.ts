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
} from '@concordat/contracts';
import { type AppliedEvent, eventEpoch, eventPosition } from '@concordat/eventsourcing';
import type { SqlStatement, SqlValue } from '@concordat/sqlite';
import { agentTypeRules } from '../agent-type/agent-type.projection';
import { agentKeyProjection } from './agent-key.projection';
import { controllerRules } from './controller.projection';

const insert = `
  INSERT INTO agent_identities (tenant, did, agent_name, agent_type, public_key_ed25519, metadata, created_at,
    controller_did, relationship_type, auth_key_id, status, epoch, position, registered_at, registered_by, version)
  VALUES ($tenant, $did, $name, $type, $publicKey, $metadata, $createdAt, $controller, $relationship, $authKeyId,
    'active', ${eventEpoch}, ${eventPosition}, ${eventPosition}, $actor, $version)`;

/** Brings `agent_identities` and `agent_keys` up to date, and holds the rules over several agents. */
export const agentProjection = (applied: AppliedEvent): SqlStatement[] => [
  ...identityStatements(applied),
  ...agentKeyProjection(applied),
];

function identityStatements(applied: AppliedEvent): SqlStatement[] {
  const event = applied as unknown as AgentEvent;
  const { time } = applied;
  const set = (columns: string, ...values: SqlValue[]): SqlStatement => changed(applied, columns, values);
  switch (event.type) {
    case AgentRegistered.type:
      return registered(applied, event.data);
    case AgentUpdated.type:
      return [set('agent_name = ?, metadata = ?', event.data.name, JSON.stringify(event.data.metadata))];
    case AgentReassigned.type: {
      const { did, agentType, controllerDid, relationshipType } = event.data;
      return [
        ...agentTypeRules(applied.tenant, agentType),
        ...controllerRules(applied.tenant, did, controllerDid),
        set(
          'agent_type = ?, controller_did = ?, relationship_type = ?',
          agentType,
          controllerDid,
          relationshipType,
        ),
      ];
    }
    case AgentSuspended.type:
      return [set("status = 'suspended'")];
    case AgentResumed.type:
      return [set("status = 'active'")];
    case AgentKeyRotated.type: {
      const { kid, value } = event.data.publicKeys[0]!;
      return [set('public_key_ed25519 = ?, auth_key_id = ?', value, kid)];
    }
    case AgentVerificationGranted.type: {
      const { statement, by } = event.data;
      return [set('verified = 1, verification = ?', JSON.stringify({ statement, by, at: time }))];
    }
    case AgentVerificationWithdrawn.type:
      return [set('verified = 0, verification = NULL')];
    case AgentRevoked.type:
      return [set("status = 'revoked'")];
    case AgentErased.type:
      return [
        set("status = 'erased', agent_name = NULL, metadata = NULL, verification = NULL, verified = 0"),
      ];
    default:
      return event satisfies never;
  }
}

function registered(
  { tenant, time, actor, version }: AppliedEvent,
  data: Extract<AgentEvent, { type: typeof AgentRegistered.type }>['data'],
): SqlStatement[] {
  const { did, name, agentType, publicKeys, metadata, controllerDid, relationshipType } = data;
  const key = publicKeys[0]!;
  const params = {
    ...{ tenant, did, name, type: agentType, metadata: JSON.stringify(metadata), createdAt: time, version },
    ...{ publicKey: key.value, authKeyId: key.kid },
    ...{ controller: controllerDid, relationship: relationshipType, actor },
  };
  return [
    ...agentTypeRules(tenant, agentType),
    ...controllerRules(tenant, did, controllerDid),
    { sql: insert, params },
  ];
}

/** The row of the agent, stamped with the event that changes it. */
const changed = (applied: AppliedEvent, columns: string, values: readonly SqlValue[]): SqlStatement => ({
  sql: `UPDATE agent_identities SET ${columns}, version = ?, epoch = ${eventEpoch}, position = ${eventPosition}
    WHERE tenant = ? AND did = ?`,
  params: [...values, applied.version, applied.tenant, String(applied.data['did'])],
});
