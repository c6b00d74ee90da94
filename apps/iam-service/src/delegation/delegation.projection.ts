import {
  type Delegation,
  DelegationCreated,
  type DelegationEvent,
  DelegationRevoked,
  type DirectoryEntry,
  limits,
  type Position,
  type Scope,
} from '@concordat/contracts';
import { type AppliedEvent, eventEpoch, eventPosition, refusal } from '@concordat/eventsourcing';
import type { Connection, SqlStatement } from '@concordat/sqlite';

/** Brings `delegations` up to date. */
export function delegationProjection(applied: AppliedEvent): SqlStatement[] {
  const event = applied as unknown as DelegationEvent;
  const { tenant, time } = applied;
  switch (event.type) {
    case DelegationCreated.type: {
      const { id, owner, from, to, parent, scopes, operations, expiresAt } = event.data;
      const sql = `INSERT INTO delegations VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'active', ?, ?, ${eventEpoch},
        ${eventPosition}, ${eventPosition})`;
      const right = [JSON.stringify(scopes), operations && JSON.stringify(operations)];
      return [
        notFull(tenant, from, time),
        { sql, params: [tenant, id, owner, from, to, parent, ...right, time, expiresAt] },
      ];
    }
    case DelegationRevoked.type: {
      const sql = `UPDATE delegations SET status = 'revoked', epoch = ${eventEpoch}, position = ${eventPosition}
        WHERE tenant = ? AND id = ?`;
      return [{ sql, params: [tenant, event.data.id] }];
    }
    default:
      return event satisfies never;
  }
}

/** Decided in the transaction, so that many at the same time stay within the bound together. */
const notFull = (tenant: string, from: string, now: string): SqlStatement =>
  refusal({
    code: 'DELEGATIONS_FULL',
    detail: `An agent has at most ${limits.delegationsPerAgent} delegations at a time.`,
    when: `(SELECT count(*) FROM delegations INDEXED BY delegations_live
      WHERE tenant = ? AND from_did = ? AND status = 'active' AND expires_at > ?) >= ${limits.delegationsPerAgent}`,
    params: [tenant, from, now],
  });

interface DelegationRow {
  tenant: string;
  id: string;
  owner: string;
  from_did: string;
  to_did: string;
  parent: string | null;
  scopes: string;
  operations: string | null;
  status: 'active' | 'revoked';
  created_at: string;
  expires_at: string;
  epoch: number;
  position: number;
  created_no: number;
}

const toDelegation = (row: DelegationRow): Delegation => ({
  ...{ id: row.id, owner: row.owner, from: row.from_did, to: row.to_did, parent: row.parent },
  scopes: JSON.parse(row.scopes) as Scope[],
  operations: operationsOf(row),
  ...{ status: row.status, createdAt: row.created_at, expiresAt: row.expires_at },
});

const operationsOf = ({ operations }: DelegationRow): string[] | null =>
  operations === null ? null : (JSON.parse(operations) as string[]);

/** Queries on `delegations`. */
export class DelegationQueries {
  constructor(private readonly db: Connection) {}

  /** The delegation and those that it was made of, the first of them first; empty when there is none. */
  chain(tenant: string, id: string): Delegation[] {
    const links: Delegation[] = [];
    for (let next: string | null = id; next !== null && links.length < limits.delegationDepth;) {
      const row: DelegationRow | undefined = this.db
        .prepare<[string, string], DelegationRow>('SELECT * FROM delegations WHERE tenant = ? AND id = ?')
        .get(tenant, next);
      if (!row) return [];
      links.unshift(toDelegation(row));
      next = row.parent;
    }
    return links[0]?.parent === null ? links : [];
  }

  /** In order of creation. @param did whoever is part of it; undefined: all @param after number of the last one read */
  list(
    tenant: string,
    did: string | undefined,
    after: number,
    limit: number,
  ): { delegation: Delegation; number: number }[] {
    const own = did === undefined ? '' : 'AND $did IN (owner, from_did, to_did)';
    const rows = this.db
      .prepare<[object], DelegationRow>(
        `SELECT * FROM delegations WHERE tenant = $tenant AND created_no > $after ${own} ORDER BY created_no LIMIT $limit`,
      )
      .all({ tenant, after, limit, ...(did === undefined ? {} : { did }) });
    return rows.map((row) => ({ delegation: toDelegation(row), number: row.created_no }));
  }

  /** For the directory of gateways: the active ones of all tenants, in order of (tenant, id). @param now RFC 3339 */
  directoryPage(
    after: { tenant: string; id: string },
    limit: number,
    now: string,
  ): { at: Position; entry: DirectoryEntry }[] {
    const rows = this.db
      .prepare<[string, string, string, number], DelegationRow>(
        `SELECT * FROM delegations WHERE (tenant, id) > (?, ?) AND status = 'active' AND expires_at > ?
           ORDER BY tenant, id LIMIT ?`,
      )
      .all(after.tenant, after.id, now, limit);
    return rows.map((row) => ({
      at: { epoch: row.epoch, position: row.position },
      entry: {
        ...{ kind: 'delegation', tenant: row.tenant, id: row.id, owner: row.owner, to: row.to_did },
        ...{ parent: row.parent, operations: operationsOf(row), expiresAt: row.expires_at },
      },
    }));
  }
}
