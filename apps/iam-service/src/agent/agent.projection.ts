import {
  AgentErased,
  type AgentEvent,
  type AgentIdentity,
  AgentRegistered,
  AgentRevoked,
  type AlgorithmValue,
  type DirectoryEntry,
  type OperationInput,
  type Position,
} from '@concordat/contracts';
import { type AppliedEvent, eventEpoch, eventPosition, type HeavyReads } from '@concordat/eventsourcing';
import type { Connection, SqlStatement } from '@concordat/sqlite';

interface AgentRow {
  tenant: string;
  did: string;
  agent_name: string | null;
  agent_type: AgentIdentity['type'];
  public_key_ed25519: string;
  metadata: string | null;
  created_at: string;
  last_seen: string | null;
  verified: number;
  controller_did: string | null;
  relationship_type: string;
  auth_key_id: string;
  status: AgentIdentity['status'];
  epoch: number;
  position: number;
  registered_at: number;
}

const insert = `
  INSERT INTO agent_identities (tenant, did, agent_name, agent_type, public_key_ed25519, metadata, created_at,
    controller_did, relationship_type, auth_key_id, status, epoch, position, registered_at)
  VALUES ($tenant, $did, $name, $type, $publicKey, $metadata, $createdAt, $controller, $relationship, $authKeyId,
    'active', ${eventEpoch}, ${eventPosition}, ${eventPosition})`;

const changed = `epoch = ${eventEpoch}, position = ${eventPosition} WHERE tenant = ? AND did = ?`;

/** Brings `agent_identities` up to date. */
export function agentProjection(applied: AppliedEvent): SqlStatement[] {
  const event = applied as unknown as AgentEvent;
  const { tenant, time } = applied;
  switch (event.type) {
    case AgentRegistered.type: {
      const { did, name, agentType, publicKeys, metadata, controllerDid, relationshipType } = event.data;
      const key = publicKeys[0]!;
      const params = {
        ...{ tenant, did, name, type: agentType, metadata: JSON.stringify(metadata), createdAt: time },
        ...{
          publicKey: key.value,
          authKeyId: key.kid,
          controller: controllerDid,
          relationship: relationshipType,
        },
      };
      return [{ sql: insert, params }];
    }
    case AgentRevoked.type:
      return [
        {
          sql: `UPDATE agent_identities SET status = 'revoked', ${changed}`,
          params: [tenant, event.data.did],
        },
      ];
    case AgentErased.type: {
      const sql = `UPDATE agent_identities SET status = 'erased', agent_name = NULL, metadata = NULL, ${changed}`;
      return [{ sql, params: [tenant, event.data.did] }];
    }
    default:
      return event satisfies never;
  }
}

const keysOf = (row: AgentRow): AlgorithmValue[] => [
  { alg: 'Ed25519', kid: row.auth_key_id, value: row.public_key_ed25519 },
];

const toIdentity = (row: AgentRow): AgentIdentity => ({
  did: row.did,
  name: row.agent_name,
  type: row.agent_type,
  status: row.status,
  publicKeys: keysOf(row),
  metadata: row.metadata === null ? null : (JSON.parse(row.metadata) as AgentIdentity['metadata']),
  controllerDid: row.controller_did,
  relationshipType: row.relationship_type,
  verified: row.verified === 1,
  createdAt: row.created_at,
  lastSeen: row.last_seen,
  authKeyId: row.auth_key_id,
});

export type AgentFilter = Pick<OperationInput<'agent.list'>, 'name' | 'type' | 'status' | 'controllerDid'>;

/** Queries on `agent_identities`. */
export class AgentQueries {
  constructor(private readonly db: Connection) {}

  find(tenant: string, did: string): AgentIdentity | undefined {
    const row = this.db
      .prepare<[string, string], AgentRow>('SELECT * FROM agent_identities WHERE tenant = ? AND did = ?')
      .get(tenant, did);
    return row && toIdentity(row);
  }

  /** In order of registration. @param after registration number of the last agent of the page before */
  list(
    tenant: string,
    filter: AgentFilter,
    after: number,
    limit: number,
  ): { agent: AgentIdentity; number: number }[] {
    const conditions = ['tenant = $tenant', 'registered_at > $after'];
    // A prefix as a range, so that the index serves it and no character of the name means anything else.
    if (filter.name !== undefined)
      conditions.push('agent_name >= $name', 'agent_name < $name || char(0x10FFFF)');
    if (filter.type !== undefined) conditions.push('agent_type = $type');
    if (filter.status !== undefined) conditions.push('status = $status');
    if (filter.controllerDid !== undefined) conditions.push('controller_did = $controllerDid');
    const sql = `SELECT * FROM agent_identities WHERE ${conditions.join(' AND ')} ORDER BY registered_at LIMIT $limit`;
    const rows = this.db.prepare<[object], AgentRow>(sql).all({ ...filter, tenant, after, limit });
    return rows.map((row) => ({ agent: toIdentity(row), number: row.registered_at }));
  }

  /** Of all tenants, in order of (tenant, did): for the directory of gateways. */
  async directoryPage(
    reads: HeavyReads,
    tenant: string,
    did: string,
    limit: number,
  ): Promise<{ at: Position; entry: DirectoryEntry }[]> {
    const sql = 'SELECT * FROM agent_identities WHERE (tenant, did) > (?, ?) ORDER BY tenant, did LIMIT ?';
    const rows = await reads.all<AgentRow>(sql, [tenant, did, limit]);
    return rows.map((row) => ({
      at: { epoch: row.epoch, position: row.position },
      entry: {
        kind: 'agent',
        tenant: row.tenant,
        did: row.did,
        type: row.agent_type,
        status: row.status,
        publicKeys: keysOf(row),
      },
    }));
  }
}
