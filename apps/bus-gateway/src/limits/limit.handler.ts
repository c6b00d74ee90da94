import {
  actorOf,
  ConcordatError,
  defaultTenant,
  LimitChanged,
  type LimitKind,
  LimitRemoved,
  limits,
  limitSetting,
  type Principal,
} from '@concordat/contracts';
import {
  activeTraceparent,
  type Clock,
  type OperationContext,
  type OperationHandlers,
} from '@concordat/runtime';
import type { Feed } from '@concordat/streams';
import type { LimitSettings } from './limit-settings';
import { type LimitStore, subjectName } from './limit-store';

export interface LimitPorts {
  readonly store: LimitStore;
  readonly settings: Pick<LimitSettings, 'changed'>;
  readonly feed: Pick<Feed, 'append'>;
  readonly clock: Clock;
}

/** The operations `limit.*`. What changes a limit is in the audit feed before it is in force. */
export function limitHandlers({ store, settings, feed, clock }: LimitPorts) {
  const record = (
    spec: typeof LimitChanged | typeof LimitRemoved,
    tenant: string,
    data: object,
    by: OperationContext,
  ) =>
    feed.append({
      ...{ spec, tenant, data: { ...data }, actor: actorOf(by.principal) },
      ...{ correlation: by.conversation, traceparent: activeTraceparent() },
    });
  const find = async (principal: Principal, subject: { kind: LimitKind; id: string }) => {
    const tenant = tenantOf(principal, subject);
    const stored = tenant === undefined ? undefined : await store.read(tenant);
    const setting = stored?.settings.get(subjectName(subject));
    if (tenant === undefined || !setting) throw new ConcordatError('LIMIT_UNKNOWN');
    return { tenant, setting };
  };
  /** What cannot be stored is not in the trail; the store refuses it too, should two ask at once. */
  const requireRoom = async (tenant: string, subject: { kind: LimitKind; id: string }) => {
    const { settings: all } = await store.read(tenant);
    if (all.size >= limits.limitSettings && !all.has(subjectName(subject)))
      throw new ConcordatError('LIMIT_SETTINGS_FULL');
  };

  return {
    'limit.put': async (input, context) => {
      const tenant = writableTenant(context.principal, input);
      const { requestsPerSecond = null, messagesPerMinute = null, messagesPerDay = null } = input;
      const burst = input.burst ?? null;
      const amounts = { requestsPerSecond, burst, messagesPerMinute, messagesPerDay };
      const subject = { kind: input.kind, id: input.id };
      const setting = limitSetting.parse({ ...subject, ...amounts, updatedAt: clock.now().toISOString() });
      await requireRoom(tenant, subject);
      await record(LimitChanged, tenant, { ...subject, ...amounts }, context);
      await store.put(tenant, setting);
      settings.changed(tenant);
      return { output: setting, position: null };
    },

    'limit.get': async (input, { principal }) => {
      const { setting } = await find(principal, input);
      return { output: setting, position: null };
    },

    'limit.list': async ({ limit, cursor }, { principal }) => {
      const { settings: all } = await store.read(principal.tenant);
      const after = cursor === undefined ? '' : Buffer.from(cursor, 'base64url').toString();
      const names = [...all.keys()].sort().filter((name) => name > after);
      const shown = names.slice(0, limit);
      const nextCursor = names.length > limit ? Buffer.from(shown.at(-1)!).toString('base64url') : null;
      return { output: { items: shown.map((name) => all.get(name)!), nextCursor }, position: null };
    },

    'limit.delete': async ({ kind, id }, context) => {
      writableTenant(context.principal, { kind, id });
      const { tenant } = await find(context.principal, { kind, id });
      await record(LimitRemoved, tenant, { kind, id }, context);
      if (!(await store.delete(tenant, { kind, id }))) throw new ConcordatError('LIMIT_UNKNOWN');
      settings.changed(tenant);
      return { output: { kind, id, deletedAt: clock.now().toISOString() }, position: null };
    },
  } satisfies OperationHandlers;
}

/** In which tenant a subject is, as far as the caller can see it; undefined: in one that is none of his. */
function tenantOf({ tenant }: Principal, { kind, id }: { kind: LimitKind; id: string }): string | undefined {
  if (kind !== 'tenant' || id === tenant) return tenant;
  return tenant === defaultTenant ? id : undefined;
}

/** A tenant does not set its own quota: only the operator of the whole does. @throws ConcordatError SCOPE_MISSING */
function writableTenant({ tenant }: Principal, { kind, id }: { kind: LimitKind; id: string }): string {
  if (kind !== 'tenant') return tenant;
  if (tenant === defaultTenant) return id;
  throw new ConcordatError(
    'SCOPE_MISSING',
    'The limit of a tenant needs a credential of the default tenant.',
  );
}
