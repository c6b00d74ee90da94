import { ConcordatError, type Principal, scopesOf } from '@concordat/contracts';
import type { Directory } from '@concordat/directory';
import type { Owner } from './schedule-store';

/**
 * Who makes a schedule, without what a token says of itself: a schedule outlives tokens and sessions.
 * @throws ConcordatError DELEGATION_FORBIDDEN: it would outlive a delegation too
 */
export function ownerOf(principal: Principal): Owner {
  switch (principal.kind) {
    case 'agent':
      if (principal.actors)
        throw new ConcordatError('DELEGATION_FORBIDDEN', 'Schedules are made with rights of one’s own.');
      return { ...principal, tokenId: 'schedule' };
    case 'user':
      return { ...principal, tokenId: 'schedule', sessionId: 'schedule' };
    case 'apiKey':
      return principal;
    case 'anonymous':
      throw new ConcordatError('CREDENTIAL_MISSING');
    default:
      return principal satisfies never;
  }
}

/**
 * The owner as it is now: active, and with no more scopes than it had when it made the schedule.
 * @throws ConcordatError CREDENTIAL_INVALID
 */
export function ownerNow(directory: Directory, owner: Owner, nowMs: number): Owner {
  const { tenant, id } = owner;
  switch (owner.kind) {
    case 'agent':
      if (directory.agent(tenant, id)?.status !== 'active') throw refused();
      return owner;
    case 'user': {
      const user = directory.user(tenant, id);
      if (user?.status !== 'active') throw refused();
      return { ...owner, roles: user.roles, scopes: both(owner.scopes, scopesOf(user.roles)) };
    }
    case 'apiKey': {
      const key = directory.apiKey(id);
      const isOver = key?.expiresAt ? Date.parse(key.expiresAt) <= nowMs : false;
      if (key?.status !== 'active' || key.tenant !== tenant || isOver) throw refused();
      return { ...owner, scopes: both(owner.scopes, key.scopes) };
    }
    default:
      return owner satisfies never;
  }
}

/** Whether an owner is gone for good. Of one who is not known, or may come back, nothing is said. */
export function hasEnded(directory: Directory, { tenant, id, kind }: Owner): boolean {
  switch (kind) {
    case 'agent': {
      const status = directory.agent(tenant, id)?.status;
      return status === 'revoked' || status === 'erased';
    }
    case 'user':
      return directory.user(tenant, id)?.status === 'erased';
    case 'apiKey':
      return directory.apiKey(id)?.status === 'revoked';
    default:
      return kind satisfies never;
  }
}

const both = (before: Owner['scopes'], now: Owner['scopes']): Owner['scopes'] =>
  before.filter((scope) => now.includes(scope));

const refused = (): ConcordatError =>
  new ConcordatError('CREDENTIAL_INVALID', 'The owner of the schedule is not active any more.');
