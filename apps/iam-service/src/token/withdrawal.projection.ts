import { type DirectoryEntry, type Position, TokenRevoked } from '@concordat/contracts';
import { type AppliedEvent, eventEpoch, eventPosition } from '@concordat/eventsourcing';
import type { Connection, SqlStatement } from '@concordat/sqlite';

/** Brings `withdrawals` up to date. */
export function withdrawalProjection({ type, data, tenant }: AppliedEvent): SqlStatement[] {
  if (type !== TokenRevoked.type) return [];
  return [withdrawn(tenant, String(data['name']), String(data['until']))];
}

/** What the event withdraws. @param until RFC 3339 */
export const withdrawn = (tenant: string, name: string, until: string): SqlStatement => ({
  sql: `INSERT INTO withdrawals VALUES (?, ?, ?, ${eventEpoch}, ${eventPosition}) ON CONFLICT DO UPDATE
    SET until = excluded.until, epoch = excluded.epoch, position = excluded.position`,
  params: [tenant, name, until],
});

/** What is over by itself needs no withdrawal. @param now RFC 3339 */
export const forgetWithdrawals = (now: string): SqlStatement => ({
  sql: 'DELETE FROM withdrawals WHERE until <= ?',
  params: [now],
});

interface WithdrawalRow {
  tenant: string;
  name: string;
  until: string;
  epoch: number;
  position: number;
}

/** For the directory of gateways: of all tenants, in order of (tenant, name). @param now RFC 3339 */
export function withdrawalPage(
  db: Connection,
  after: { tenant: string; id: string },
  limit: number,
  now: string,
): { at: Position; entry: DirectoryEntry }[] {
  const rows = db
    .prepare<[string, string, string, number], WithdrawalRow>(
      'SELECT * FROM withdrawals WHERE (tenant, name) > (?, ?) AND until > ? ORDER BY tenant, name LIMIT ?',
    )
    .all(after.tenant, after.id, now, limit);
  return rows.map(({ tenant, name, until, epoch, position }) => {
    const at = { epoch, position };
    return { at, entry: { kind: 'withdrawal', tenant, name, position: at, until } };
  });
}
