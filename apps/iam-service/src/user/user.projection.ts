import {
  type DirectoryEntry,
  LoginFailed,
  LoginUnlocked,
  type Position,
  type Role,
  UserChanged,
  UserCreated,
  UserDisabled,
  UserEnabled,
  UserErased,
  type UserEvent,
  UserPasswordChanged,
  UserRolesChanged,
  type UserView,
} from '@concordat/contracts';
import { type AppliedEvent, eventEpoch, eventPosition } from '@concordat/eventsourcing';
import type { Connection, SqlStatement } from '@concordat/sqlite';

export const userStream = (id: string): string => `user/${id}`;

/** An address that another user of the tenant has breaks this constraint. */
export const emailColumns = 'users.tenant, users.email';

const insert = `
  INSERT INTO users (tenant, id, email, name, roles, status, created_at, changed_at, sessions_since_epoch,
    sessions_since_position, epoch, position)
  VALUES ($tenant, $id, $email, $name, $roles, 'active', $time, $time, ${eventEpoch}, ${eventPosition}, ${eventEpoch},
    ${eventPosition})`;

const changed = `changed_at = $time, epoch = ${eventEpoch}, position = ${eventPosition}`;
const sessionsEnd = `sessions_since_epoch = ${eventEpoch}, sessions_since_position = ${eventPosition}`;
const which = 'WHERE tenant = $tenant AND id = $id';

/** Brings `users` up to date. */
export function userProjection(applied: AppliedEvent): SqlStatement[] {
  const event = applied as unknown as UserEvent;
  const { tenant, time } = applied;
  const { id } = event.data;
  const set = (columns: string, more: Readonly<Record<string, string | null>> = {}): SqlStatement[] => [
    { sql: `UPDATE users SET ${columns}, ${changed} ${which}`, params: { tenant, id, time, ...more } },
  ];
  // Not a change of the user: nobody but the lock has to know.
  const lock = (lockedUntil: string | null): SqlStatement[] => [
    { sql: `UPDATE users SET locked_until = $lockedUntil ${which}`, params: { tenant, id, lockedUntil } },
  ];
  switch (event.type) {
    case UserCreated.type: {
      const { email, name, roles } = event.data;
      return [{ sql: insert, params: { tenant, id, email, name, roles: JSON.stringify(roles), time } }];
    }
    case UserChanged.type:
      return set('email = $email, name = $name', { email: event.data.email, name: event.data.name });
    case UserRolesChanged.type:
      return set('roles = $roles', { roles: JSON.stringify(event.data.roles) });
    case UserPasswordChanged.type:
      if (event.data.cause === 'rehashed') return [];
      return set(`has_password = 1, locked_until = NULL, ${sessionsEnd}`);
    case UserDisabled.type:
      return set(`status = 'disabled', ${sessionsEnd}`);
    case UserEnabled.type:
      return set(`status = 'active'`);
    case UserErased.type:
      return set(
        `status = 'erased', email = NULL, name = NULL, has_password = 0, locked_until = NULL, ${sessionsEnd}`,
      );
    case LoginFailed.type:
      return lock(event.data.lockedUntil);
    case LoginUnlocked.type:
      return lock(null);
    default:
      return event satisfies never;
  }
}

interface UserRow {
  tenant: string;
  id: string;
  email: string | null;
  name: string | null;
  roles: string;
  status: UserView['status'];
  has_password: number;
  locked_until: string | null;
  created_at: string;
  changed_at: string;
  sessions_since_epoch: number;
  sessions_since_position: number;
  epoch: number;
  position: number;
}

const sessionsSince = (row: UserRow): Position => ({
  epoch: row.sessions_since_epoch,
  position: row.sessions_since_position,
});

const toView = (row: UserRow, now: string): UserView => ({
  id: row.id,
  tenant: row.tenant,
  email: row.email,
  name: row.name,
  roles: JSON.parse(row.roles) as Role[],
  status: row.status,
  hasPassword: row.has_password === 1,
  lockedUntil: row.locked_until !== null && row.locked_until > now ? row.locked_until : null,
  createdAt: row.created_at,
  changedAt: row.changed_at,
});

/** What a session must know of its user. */
export interface SessionOwner {
  readonly id: string;
  readonly status: UserView['status'];
  readonly roles: readonly Role[];
  /** Sessions opened before have ended. */
  readonly sessionsSince: Position;
}

export type UserFilter = Partial<Record<'email' | 'role' | 'status', string | undefined>>;

/** Queries on `users`. */
export class UserQueries {
  /** @param now RFC 3339 */
  constructor(
    private readonly db: Connection,
    private readonly now: () => string,
  ) {}

  find(tenant: string, id: string): UserView | undefined {
    const row = this.#row(tenant, id);
    return row && toView(row, this.now());
  }

  /** @param email in its one spelling */
  idByEmail(tenant: string, email: string): string | undefined {
    return this.db
      .prepare<[string, string], { id: string }>('SELECT id FROM users WHERE tenant = ? AND email = ?')
      .get(tenant, email)?.id;
  }

  owner(tenant: string, id: string): SessionOwner | undefined {
    const row = this.#row(tenant, id);
    if (!row) return undefined;
    const roles = JSON.parse(row.roles) as Role[];
    return { id, status: row.status, roles, sessionsSince: sessionsSince(row) };
  }

  /** In order of id, which is that of creation, those behind `after`. */
  list(tenant: string, filter: UserFilter, after: string, limit: number): UserView[] {
    const conditions = ['tenant = $tenant', 'id > $after'];
    if (filter.email !== undefined) conditions.push('email = $email');
    if (filter.status !== undefined) conditions.push('status = $status');
    if (filter.role !== undefined)
      conditions.push('EXISTS (SELECT 1 FROM json_each(users.roles) WHERE value = $role)');
    const sql = `SELECT * FROM users WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT $limit`;
    const now = this.now();
    const rows = this.db.prepare<[object], UserRow>(sql).all({ ...filter, tenant, after, limit });
    return rows.map((row) => toView(row, now));
  }

  /** Of all tenants: to finish their erasure. */
  erased(): { tenant: string; id: string }[] {
    const sql = "SELECT tenant, id FROM users WHERE status = 'erased'";
    return this.db.prepare<[], { tenant: string; id: string }>(sql).all();
  }

  #row(tenant: string, id: string): UserRow | undefined {
    return this.db
      .prepare<[string, string], UserRow>('SELECT * FROM users WHERE tenant = ? AND id = ?')
      .get(tenant, id);
  }
}

/** For the directory of gateways: of all tenants, in order of (tenant, id). */
export function userPage(
  db: Connection,
  after: { readonly tenant: string; readonly id: string },
  limit: number,
): { at: Position; entry: DirectoryEntry }[] {
  const rows = db
    .prepare<[string, string, number], UserRow>(
      'SELECT * FROM users WHERE (tenant, id) > (?, ?) ORDER BY tenant, id LIMIT ?',
    )
    .all(after.tenant, after.id, limit);
  return rows.map((row) => {
    const { tenant, id, status, epoch, position } = row;
    const roles = JSON.parse(row.roles) as Role[];
    const facts = { tenant, id, status, roles, sessionsSince: sessionsSince(row) };
    return { at: { epoch, position }, entry: { kind: 'user', ...facts } };
  });
}
