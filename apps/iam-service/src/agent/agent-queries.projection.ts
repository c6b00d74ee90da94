import type {
  AgentIdentity,
  AlgorithmValue,
  DirectoryEntry,
  OperationInput,
  Position,
} from '@concordat/contracts';
import type { HeavyReads } from '@concordat/eventsourcing';
import type { Connection, SqlValue } from '@concordat/sqlite';

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
  verification: string | null;
  controller_did: string | null;
  relationship_type: string;
  auth_key_id: string;
  status: AgentIdentity['status'];
  epoch: number;
  position: number;
  registered_at: number;
  version: number;
  registered_by: string | null;
}

const keysOf = (row: AgentRow): AlgorithmValue[] => [
  { alg: 'Ed25519', kid: row.auth_key_id, value: row.public_key_ed25519 },
];

const fromJson = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T));

const toIdentity = (row: AgentRow): AgentIdentity => ({
  did: row.did,
  name: row.agent_name,
  type: row.agent_type,
  status: row.status,
  publicKeys: keysOf(row),
  metadata: fromJson(row.metadata),
  controllerDid: row.controller_did,
  relationshipType: row.relationship_type,
  verified: row.verified === 1,
  createdAt: row.created_at,
  lastSeen: row.last_seen,
  authKeyId: row.auth_key_id,
  verification: fromJson(row.verification),
  version: row.version,
});

export type AgentFilter = Pick<OperationInput<'agent.list'>, 'name' | 'type' | 'status' | 'controllerDid'>;

/** The last agent of a page. */
export interface AgentPlace {
  readonly number: number;
  /** Only where the list is in order of names: a cursor tells no more than it must. */
  readonly name?: string;
}

/** The statement behind one page of a list. Exported for the spec that shows which index serves it. */
export function listStatement(filter: AgentFilter, isFirst: boolean): string {
  // Which index serves a list is said here and not left to the planner, which knows nothing of the data.
  const index =
    filter.name !== undefined
      ? 'agents_by_name'
      : filter.controllerDid !== undefined
        ? 'agents_by_controller'
        : filter.type !== undefined
          ? 'agents_by_type'
          : filter.status !== undefined
            ? 'agents_by_status'
            : 'agents_by_registration';
  const conditions = ['tenant = $tenant'];
  // A prefix as a range, so that the index serves it and no character of the name means anything else.
  if (filter.name !== undefined) {
    conditions.push('agent_name < $name || char(0x10FFFF)');
    conditions.push(isFirst ? 'agent_name >= $name' : '(agent_name, registered_at) > ($afterName, $after)');
  } else if (!isFirst) conditions.push('registered_at > $after');
  if (filter.type !== undefined) conditions.push('agent_type = $type');
  if (filter.status !== undefined) conditions.push('status = $status');
  if (filter.controllerDid !== undefined) conditions.push('controller_did = $controllerDid');
  const order = filter.name === undefined ? 'registered_at' : 'agent_name, registered_at';
  return `SELECT * FROM agent_identities INDEXED BY ${index} WHERE ${conditions.join(' AND ')}
    ORDER BY ${order} LIMIT $limit`;
}

/** Queries on `agent_identities`. */
export class AgentQueries {
  readonly #find;

  constructor(db: Connection) {
    this.#find = db.prepare<[string, string], AgentRow>(
      'SELECT * FROM agent_identities WHERE tenant = ? AND did = ?',
    );
  }

  find(tenant: string, did: string): AgentIdentity | undefined {
    const row = this.#find.get(tenant, did);
    return row && toIdentity(row);
  }

  /** By name when the filter has one, otherwise in order of registration. @param after undefined: from the beginning */
  async list(
    reads: HeavyReads,
    tenant: string,
    filter: AgentFilter,
    after: AgentPlace | undefined,
    limit: number,
  ): Promise<{ readonly agent: AgentIdentity; readonly place: AgentPlace }[]> {
    const params: Record<string, SqlValue> = { ...filter, tenant, limit };
    if (after) Object.assign(params, { after: after.number, afterName: after.name ?? null });
    const rows = await reads.all<AgentRow>(listStatement(filter, after === undefined), params);
    return rows.map((row) => ({
      agent: toIdentity(row),
      place: {
        number: row.registered_at,
        ...(filter.name === undefined ? {} : { name: row.agent_name ?? '' }),
      },
    }));
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
        verified: row.verified === 1,
        controllerDid: row.controller_did,
        relationshipType: row.relationship_type,
        registeredBy: row.registered_by,
      },
    }));
  }
}
