import {
  comparePositions,
  type Position,
  SessionEnded,
  type SessionEvent,
  SessionOpened,
  SessionRefreshed,
  type SessionView,
  sessionWithdrawal,
} from '@concordat/contracts';
import { type AppliedEvent, eventEpoch, eventPosition } from '@concordat/eventsourcing';
import type { Connection, SqlStatement } from '@concordat/sqlite';
import { withdrawn } from '../token/withdrawal.projection';
import { sessionEnd } from './session.decider';

export const sessionStream = (id: string): string => `session/${id}`;

const insert = `
  INSERT INTO sessions (tenant, user_id, id, created_at, refreshed_at, expires_at, opened_epoch, opened_position, epoch,
    position)
  VALUES ($tenant, $userId, $id, $time, $time, $expiresAt, ${eventEpoch}, ${eventPosition}, ${eventEpoch},
    ${eventPosition})`;

const changed = `epoch = ${eventEpoch}, position = ${eventPosition} WHERE tenant = ? AND id = ?`;

/** Brings `sessions` up to date, and `withdrawals` with what ends. */
export function sessionProjection(applied: AppliedEvent): SqlStatement[] {
  const event = applied as unknown as SessionEvent;
  const { tenant, time } = applied;
  const { id, userId } = event.data;
  switch (event.type) {
    case SessionOpened.type:
      return [{ sql: insert, params: { tenant, userId, id, time, expiresAt: event.data.expiresAt } }];
    case SessionRefreshed.type:
      return [{ sql: `UPDATE sessions SET refreshed_at = ?, ${changed}`, params: [time, tenant, id] }];
    case SessionEnded.type:
      return [
        { sql: `UPDATE sessions SET ended_at = ?, ${changed}`, params: [time, tenant, id] },
        ended(applied, id),
      ];
    default:
      return event satisfies never;
  }
}

/** Doors hear of the end as of a withdrawal of the tokens. */
function ended({ tenant, time }: AppliedEvent, id: string): SqlStatement {
  const { name, until } = sessionWithdrawal(id, time);
  return withdrawn(tenant, name, until);
}

interface SessionRow {
  tenant: string;
  user_id: string;
  id: string;
  created_at: string;
  refreshed_at: string;
  expires_at: string;
  ended_at: string | null;
  opened_epoch: number;
  opened_position: number;
  epoch: number;
  position: number;
  since_epoch: number;
  since_position: number;
}

/** A session with what only the service needs. */
export interface KnownSession {
  readonly tenant: string;
  readonly view: SessionView;
  readonly openedAt: Position;
}

/** Whether what ended all sessions of the user came after this one was opened. */
export const isBefore = (opened: Position, sessionsSince: Position): boolean =>
  comparePositions(opened, sessionsSince) < 0;

function toSession(row: SessionRow, now: string): KnownSession {
  const openedAt = { epoch: row.opened_epoch, position: row.opened_position };
  const expiresAt = sessionEnd(row.refreshed_at, row.expires_at);
  const wasEnded =
    row.ended_at !== null || isBefore(openedAt, { epoch: row.since_epoch, position: row.since_position });
  return {
    tenant: row.tenant,
    openedAt,
    view: {
      id: row.id,
      userId: row.user_id,
      status: wasEnded || expiresAt <= now ? 'ended' : 'active',
      createdAt: row.created_at,
      refreshedAt: row.refreshed_at,
      expiresAt,
    },
  };
}

const select = `SELECT s.*, u.sessions_since_epoch AS since_epoch, u.sessions_since_position AS since_position
  FROM sessions s JOIN users u ON u.tenant = s.tenant AND u.id = s.user_id`;

/** Sessions that time has not ended: those of a user are few enough to look at each. */
const withinTime = `s.ended_at IS NULL AND s.expires_at > $now`;

/** Queries on `sessions`. */
export class SessionQueries {
  /** @param now RFC 3339 */
  constructor(
    private readonly db: Connection,
    private readonly now: () => string,
  ) {}

  /** Of whatever tenant: for who brings a refresh token, which names none. */
  findAnywhere(id: string): KnownSession | undefined {
    const row = this.db.prepare<[string], SessionRow>(`${select} WHERE s.id = ?`).get(id);
    return row && toSession(row, this.now());
  }

  find(tenant: string, id: string): KnownSession | undefined {
    const found = this.findAnywhere(id);
    return found?.tenant === tenant ? found : undefined;
  }

  /** Live sessions of a user, the oldest first. */
  live(tenant: string, userId: string): SessionView[] {
    const now = this.now();
    const sql = `${select} WHERE s.tenant = $tenant AND s.user_id = $userId AND ${withinTime} ORDER BY s.id`;
    const rows = this.db.prepare<[object], SessionRow>(sql).all({ tenant, userId, now });
    return rows.map((row) => toSession(row, now).view).filter(({ status }) => status === 'active');
  }

  /** In order of id, which is that of opening, those behind `after`. @param userId undefined: of everybody in the tenant */
  list(
    tenant: string,
    { userId, status }: { readonly userId?: string | undefined; readonly status?: string | undefined },
    after: string,
    limit: number,
  ): SessionView[] {
    const now = this.now();
    const conditions = ['s.tenant = $tenant', 's.id > $after'];
    if (userId !== undefined) conditions.push('s.user_id = $userId');
    const sql = `${select} WHERE ${conditions.join(' AND ')} ORDER BY s.id`;
    const found: SessionView[] = [];
    // Read row by row: whether one has ended is not in SQL alone, and what is behind the page is not read.
    for (const row of this.db
      .prepare<[object], SessionRow>(sql)
      .iterate({ tenant, after, ...(userId !== undefined && { userId }) })) {
      const { view } = toSession(row, now);
      if (status === undefined || view.status === status) found.push(view);
      if (found.length === limit) break;
    }
    return found;
  }
}
