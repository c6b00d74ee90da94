import { comparePositions, ConcordatError, scopesOf, sessionWithdrawalName } from '@concordat/contracts';
import { jwkThumbprint } from '@concordat/crypto';
import type { Directory } from '@concordat/directory';
import QuickLRU from 'quick-lru';
import type { VerifiedToken } from './access-token';
import { requireChain } from './delegated-right';

type Subject<K extends VerifiedToken['principal']['kind']> = Extract<VerifiedToken['principal'], { kind: K }>;

/**
 * Whether a token was not taken back, and whom it speaks for is still welcome. Asked with every request, of the directory
 * alone: what was taken away counts from the moment the directory knows it, whatever was cached before.
 * @returns whom it speaks for, with the rights of now
 * @throws ConcordatError CREDENTIAL_INVALID
 */
export function requireBearer(
  directory: Directory,
  verified: VerifiedToken,
  nowMs: number,
): VerifiedToken['principal'] {
  const { principal } = verified;
  switch (principal.kind) {
    case 'agent':
      requireAgent(directory, principal, verified);
      if (principal.delegations) requireChain(directory, principal, nowMs);
      requireNotWithdrawn(directory, verified, [principal.id, ...(principal.actors?.slice(0, 1) ?? [])]);
      return principal;
    case 'user':
      if (directory.withdrawal(principal.tenant, sessionWithdrawalName(principal.sessionId))) throw refused();
      requireNotWithdrawn(directory, verified, [principal.id]);
      return requireUser(directory, principal, verified);
    default:
      return principal satisfies never;
  }
}

/** The agent is active, and the token is bound to a key that its bearer has now: a rotated key ends its tokens. */
function requireAgent(
  directory: Directory,
  { tenant, id, actors }: Subject<'agent'>,
  { keyThumbprint }: VerifiedToken,
): void {
  if (directory.agent(tenant, id)?.status !== 'active') throw refused();
  const bearer = directory.agent(tenant, actors?.[0] ?? id);
  if (!bearer?.publicKeys.some(({ value }) => thumbprintOf(value) === keyThumbprint)) throw refused();
}

/**
 * The user is active, and the session was not opened before all of them were ended. Roles and scopes are those
 * that the directory knows of now: a role that was taken away is gone with the next request.
 */
function requireUser(
  directory: Directory,
  principal: Subject<'user'>,
  { position }: VerifiedToken,
): Subject<'user'> {
  const { tenant, id } = principal;
  const user = directory.user(tenant, id);
  if (user?.status !== 'active' || comparePositions(position, user.sessionsSince) < 0) throw refused();
  return { ...principal, roles: user.roles, scopes: scopesOf(user.roles) };
}

/** Neither this token was revoked, nor everything that its bearer, or whom it speaks for, had got by some event. */
function requireNotWithdrawn(
  directory: Directory,
  { principal: { tenant, tokenId }, position }: VerifiedToken,
  subjects: readonly string[],
): void {
  if (directory.withdrawal(tenant, `token:${tokenId}`)) throw refused();
  for (const subject of subjects) {
    const all = directory.withdrawal(tenant, `before:${subject}`);
    if (all && comparePositions(position, all.position) <= 0) throw refused();
  }
}

const refused = (): ConcordatError => new ConcordatError('CREDENTIAL_INVALID');

/** A key has one thumbprint for all time. */
const thumbprints = new QuickLRU<string, string>({ maxSize: 10_000 });

function thumbprintOf(key: string): string {
  const known = thumbprints.get(key);
  if (known !== undefined) return known;
  const made = jwkThumbprint(key);
  thumbprints.set(key, made);
  return made;
}
