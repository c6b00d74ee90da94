import {
  type DirectoryEntry,
  type Policy,
  type PolicyEvent,
  PolicyPublished,
  PolicyRemoved,
  type Position,
} from '@concordat/contracts';
import { type AppliedEvent, eventEpoch, eventPosition } from '@concordat/eventsourcing';
import type { Connection, SqlStatement } from '@concordat/sqlite';

/** Brings `policies` up to date. */
export function policyProjection(applied: AppliedEvent): SqlStatement[] {
  const event = applied as unknown as PolicyEvent;
  const { tenant, time } = applied;
  const sql = `INSERT OR REPLACE INTO policies VALUES (?, ?, ?, ?, ${eventEpoch}, ${eventPosition})`;
  switch (event.type) {
    case PolicyPublished.type: {
      const { policy } = event.data;
      return [{ sql, params: [tenant, policy.id, JSON.stringify(policy), time] }];
    }
    case PolicyRemoved.type:
      return [{ sql, params: [tenant, event.data.id, null, time] }];
    default:
      return event satisfies never;
  }
}

interface PolicyRow {
  tenant: string;
  id: string;
  policy: string | null;
  changed_at: string;
  epoch: number;
  position: number;
}

export interface PolicyInForce {
  readonly policy: Policy;
  readonly updatedAt: string;
}

const readPolicy = (text: string): Policy => JSON.parse(text) as Policy;

/** What the operator of a tenant has written. */
export class PolicyQueries {
  readonly #versions;

  constructor(private readonly db: Connection) {
    this.#versions = db.prepare<[string], { last: number | null; count: number }>(
      'SELECT max(position) AS last, count(*) AS count FROM policies WHERE tenant = ?',
    );
  }

  find(tenant: string, id: string): PolicyInForce | undefined {
    const row = this.db
      .prepare<[string, string], PolicyRow>('SELECT * FROM policies WHERE tenant = ? AND id = ?')
      .get(tenant, id);
    return row?.policy ? { policy: readPolicy(row.policy), updatedAt: row.changed_at } : undefined;
  }

  /** By id. Their number is bounded, so there is no page. */
  all(tenant: string): PolicyInForce[] {
    return this.db
      .prepare<[string], PolicyRow>(
        'SELECT * FROM policies WHERE tenant = ? AND policy IS NOT NULL ORDER BY id',
      )
      .all(tenant)
      .map(({ policy, changed_at }) => ({ policy: readPolicy(policy!), updatedAt: changed_at }));
  }

  /** Changes whenever anything in force in the tenant does. */
  versions(tenant: string): string {
    const { last, count } = this.#versions.get(tenant)!;
    return `${last} ${count}`;
  }

  /** For directories: of all tenants, in order of (tenant, id), those out of force too. */
  directoryPage(tenant: string, id: string, limit: number): { at: Position; entry: DirectoryEntry }[] {
    return this.db
      .prepare<[string, string, number], PolicyRow>(
        'SELECT * FROM policies WHERE (tenant, id) > (?, ?) ORDER BY tenant, id LIMIT ?',
      )
      .all(tenant, id, limit)
      .map((row) => ({
        at: { epoch: row.epoch, position: row.position },
        entry: {
          kind: 'policy',
          tenant: row.tenant,
          id: row.id,
          policy: row.policy === null ? null : readPolicy(row.policy),
        },
      }));
  }
}
