import {
  ApiKeyCreated,
  type ApiKeyEvent,
  ApiKeyRevoked,
  ApiKeyRotated,
  type ApiKeyView,
  type DirectoryEntry,
  type Position,
  type Scope,
} from '@concordat/contracts';
import { type AppliedEvent, eventEpoch, eventPosition, type HeavyReads } from '@concordat/eventsourcing';
import type { Connection, SqlStatement } from '@concordat/sqlite';

// The key that it replaces names it already: a rotation is decided before the new key is made.
const insert = `
  INSERT INTO api_keys (tenant, id, name, hash, scopes, status, created_at, expires_at, rotated_from, epoch, position)
  VALUES ($tenant, $id, $name, $hash, $scopes, 'active', $time, $expiresAt,
    (SELECT id FROM api_keys WHERE tenant = $tenant AND rotated_to = $id), ${eventEpoch}, ${eventPosition})`;

const changed = `epoch = ${eventEpoch}, position = ${eventPosition} WHERE tenant = ? AND id = ?`;

/** Brings `api_keys` up to date. */
export function apiKeyProjection(applied: AppliedEvent): SqlStatement[] {
  const event = applied as unknown as ApiKeyEvent;
  const { tenant, time } = applied;
  switch (event.type) {
    case ApiKeyCreated.type: {
      const { id, name, hash, scopes, expiresAt } = event.data;
      const params = { tenant, id, name, hash, scopes: JSON.stringify(scopes), time, expiresAt };
      return [{ sql: insert, params }];
    }
    case ApiKeyRotated.type: {
      const { id, rotatedTo, expiresAt } = event.data;
      const sql = `UPDATE api_keys SET rotated_to = ?, expires_at = ?, ${changed}`;
      return [{ sql, params: [rotatedTo, expiresAt, tenant, id] }];
    }
    case ApiKeyRevoked.type:
      return [{ sql: `UPDATE api_keys SET status = 'revoked', ${changed}`, params: [tenant, event.data.id] }];
    default:
      return event satisfies never;
  }
}

/** When a key was used, as a gateway reports it. */
export interface ApiKeyUse {
  readonly tenant: string;
  readonly id: string;
  /** RFC 3339 */
  readonly at: string;
}

/**
 * Notes when keys were last used, to the minute. No event: reports may come twice, late and in any order, and only the
 * latest counts. Keys that are not there are passed over.
 */
export const recordApiKeyUse = (batch: readonly ApiKeyUse[]): SqlStatement[] =>
  batch.map(({ tenant, id, at }) => {
    const minute = `${at.slice(0, 16)}:00.000Z`;
    const sql = `UPDATE api_keys SET last_used_at = $minute
      WHERE tenant = $tenant AND id = $id AND (last_used_at IS NULL OR last_used_at < $minute)`;
    return { sql, params: { tenant, id, minute } };
  });

interface ApiKeyRow {
  tenant: string;
  id: string;
  name: string;
  hash: string;
  scopes: string;
  status: 'active' | 'revoked';
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  rotated_from: string | null;
  rotated_to: string | null;
  epoch: number;
  position: number;
}

const scopesOf = (row: ApiKeyRow): Scope[] => JSON.parse(row.scopes) as Scope[];

/** Everything but the hash. @param now RFC 3339, by which keys expire */
const toView = (row: ApiKeyRow, now: string): ApiKeyView => ({
  id: row.id,
  name: row.name,
  tenant: row.tenant,
  scopes: scopesOf(row),
  status:
    row.status === 'active' && row.expires_at !== null && row.expires_at <= now ? 'expired' : row.status,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  lastUsedAt: row.last_used_at,
  rotatedFrom: row.rotated_from,
  rotatedTo: row.rotated_to,
});

// Times are compared as text: all of them are UTC with milliseconds.
const withStatus: Readonly<Record<ApiKeyView['status'], string>> = {
  active: `status = 'active' AND (expires_at IS NULL OR expires_at > $now)`,
  expired: `status = 'active' AND expires_at <= $now`,
  revoked: `status = 'revoked'`,
};

/** Queries on `api_keys` for callers: never a hash. */
export class ApiKeyQueries {
  /** @param now RFC 3339 */
  constructor(
    private readonly db: Connection,
    private readonly now: () => string,
  ) {}

  find(tenant: string, id: string): ApiKeyView | undefined {
    const row = this.db
      .prepare<[string, string], ApiKeyRow>('SELECT * FROM api_keys WHERE tenant = ? AND id = ?')
      .get(tenant, id);
    return row && toView(row, this.now());
  }

  /** In order of creation, those behind `(createdAt, id)`. */
  list(
    tenant: string,
    status: ApiKeyView['status'] | undefined,
    [createdAt, id]: readonly string[],
    limit: number,
  ): ApiKeyView[] {
    const now = this.now();
    const condition = status === undefined ? '' : `AND ${withStatus[status]}`;
    const rows = this.db
      .prepare<[object], ApiKeyRow>(
        `SELECT * FROM api_keys WHERE tenant = $tenant AND (created_at, id) > ($createdAt, $id) ${condition}
        ORDER BY created_at, id LIMIT $limit`,
      )
      .all({ tenant, createdAt, id, limit, ...(status === 'revoked' || !status ? {} : { now }) });
    return rows.map((row) => toView(row, now));
  }
}

/** For the directory of gateways: of all tenants, in order of (tenant, id). */
export async function apiKeyPage(
  reads: HeavyReads,
  after: { readonly tenant: string; readonly id: string },
  limit: number,
): Promise<{ at: Position; entry: DirectoryEntry }[]> {
  const sql = 'SELECT * FROM api_keys WHERE (tenant, id) > (?, ?) ORDER BY tenant, id LIMIT ?';
  const rows = await reads.all<ApiKeyRow>(sql, [after.tenant, after.id, limit]);
  return rows.map((row) => ({
    at: { epoch: row.epoch, position: row.position },
    entry: {
      kind: 'apiKey',
      tenant: row.tenant,
      id: row.id,
      hash: row.hash,
      scopes: scopesOf(row),
      status: row.status,
      expiresAt: row.expires_at,
    },
  }));
}

export const hasApiKeys = (db: Connection, tenant: string): boolean =>
  db.prepare('SELECT 1 FROM api_keys WHERE tenant = ? LIMIT 1').get(tenant) !== undefined;
