import {
  ApiKeyCreated,
  type ApiKeyEvent,
  ApiKeyRevoked,
  type DirectoryEntry,
  type Position,
  type Scope,
} from '@concordat/contracts';
import { type AppliedEvent, eventEpoch, eventPosition, type HeavyReads } from '@concordat/eventsourcing';
import type { Connection, SqlStatement } from '@concordat/sqlite';

/** Brings `api_keys` up to date. */
export function apiKeyProjection(applied: AppliedEvent): SqlStatement[] {
  const event = applied as unknown as ApiKeyEvent;
  const { tenant, time } = applied;
  switch (event.type) {
    case ApiKeyCreated.type: {
      const { id, name, hash, scopes, expiresAt } = event.data;
      const sql = `INSERT INTO api_keys VALUES (?, ?, ?, ?, ?, 'active', ?, ?, ${eventEpoch}, ${eventPosition})`;
      return [{ sql, params: [tenant, id, name, hash, JSON.stringify(scopes), time, expiresAt] }];
    }
    case ApiKeyRevoked.type: {
      const sql = `UPDATE api_keys SET status = 'revoked', epoch = ${eventEpoch}, position = ${eventPosition}
        WHERE tenant = ? AND id = ?`;
      return [{ sql, params: [tenant, event.data.id] }];
    }
    default:
      return event satisfies never;
  }
}

interface ApiKeyRow {
  tenant: string;
  id: string;
  hash: string;
  scopes: string;
  status: 'active' | 'revoked';
  expires_at: string | null;
  epoch: number;
  position: number;
}

/** For the directory of gateways: of all tenants, in order of (tenant, id). */
export async function apiKeyPage(
  reads: HeavyReads,
  after: { readonly tenant: string; readonly id: string },
  limit: number,
): Promise<{ at: Position; entry: DirectoryEntry }[]> {
  const sql = 'SELECT * FROM api_keys WHERE (tenant, id) > (?, ?) ORDER BY tenant, id LIMIT ?';
  const rows = await reads.all<ApiKeyRow>(sql, [after.tenant, after.id, limit]);
  return rows.map(({ tenant, id, hash, scopes, status, expires_at, epoch, position }) => ({
    at: { epoch, position },
    entry: {
      kind: 'apiKey',
      tenant,
      id,
      hash,
      scopes: JSON.parse(scopes) as Scope[],
      status,
      expiresAt: expires_at,
    },
  }));
}

export const hasApiKeys = (db: Connection, tenant: string): boolean =>
  db.prepare('SELECT 1 FROM api_keys WHERE tenant = ? LIMIT 1').get(tenant) !== undefined;
