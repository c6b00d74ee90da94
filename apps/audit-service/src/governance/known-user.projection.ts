import {
  type EventEnvelope,
  role,
  sourceUri,
  UserCreated,
  UserDisabled,
  UserEnabled,
  UserErased,
  userId,
  UserRolesChanged,
} from '@concordat/contracts';
import type { EntityManager } from '@mikro-orm/postgresql';
import { z } from 'zod';
import { insertRows, type Table } from '../store/bulk';

/** What an event tells of a user; null: nothing of that. */
interface UserChange {
  readonly tenant: string;
  readonly id: string;
  /** Names with commas between. */
  readonly roles: string | null;
  readonly status: 'active' | 'disabled' | 'erased' | null;
}

/** The one source whose word counts: chained and signed by iam-service, unlike its feed. */
const authority = sourceUri('iam');
const statuses: Readonly<Record<string, UserChange['status']>> = {
  [UserCreated.type]: 'active',
  [UserEnabled.type]: 'active',
  [UserDisabled.type]: 'disabled',
  [UserErased.type]: 'erased',
  [UserRolesChanged.type]: null,
};

/** Email address and name are there too, under keys that only iam-service can open: audit-service does not keep them. */
const openFields = z.object({ id: userId, roles: z.array(role).optional() });

const table: Table<UserChange> = {
  name: 'known_users',
  columns: [
    { name: 'tenant', type: 'text', of: ({ tenant }) => tenant },
    { name: 'user_id', type: 'text', of: ({ id }) => id },
    { name: 'roles', type: 'text', of: ({ roles }) => roles },
    { name: 'status', type: 'text', of: ({ status }) => status },
  ],
  onConflict: `ON CONFLICT (tenant, user_id) DO UPDATE SET
    roles = COALESCE(excluded.roles, present.roles), status = COALESCE(excluded.status, present.status)`,
};

/** Keeps the users of the views up to date, in the transaction that puts the events into the log, in their order. */
export const noteUsers = (em: EntityManager, events: readonly EventEnvelope[]): Promise<void> =>
  insertRows(em, table, foldUsers(events));

/** One change for every user. */
export function foldUsers(events: readonly EventEnvelope[]): UserChange[] {
  const changes = new Map<string, UserChange>();
  for (const event of events) {
    const change = changeOf(event);
    if (!change) continue;
    const name = `${change.tenant} ${change.id}`;
    const before = changes.get(name);
    const { roles = null, status = null } = before ?? {};
    changes.set(name, { ...change, roles: change.roles ?? roles, status: change.status ?? status });
  }
  return [...changes.values()];
}

function changeOf({ type, source, tenant, data }: EventEnvelope): UserChange | undefined {
  if (source !== authority || !Object.hasOwn(statuses, type)) return undefined;
  const fields = openFields.safeParse(JSON.parse(data));
  if (!fields.success) return undefined;
  const { id, roles } = fields.data;
  return { tenant, id, roles: roles?.join(',') ?? null, status: statuses[type]! };
}
