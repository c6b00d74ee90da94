import { comparePositions, ConcordatError, scopesOf } from '@concordat/contracts';
import { jwkThumbprint } from '@concordat/crypto';
import type { Directory } from '@concordat/directory';
import QuickLRU from 'quick-lru';
import type { VerifiedToken } from './access-token';

type Subject<K extends VerifiedToken['principal']['kind']> = Extract<VerifiedToken['principal'], { kind: K }>;

/**
 * Whether whom a token speaks for is still welcome. Asked with every request, of the directory alone: what was taken
 * away counts from the moment the directory knows it, whatever was cached before.
 * @returns whom it speaks for, with the rights of now
 * @throws ConcordatError CREDENTIAL_INVALID
 */
export function requireBearer(directory: Directory, verified: VerifiedToken): VerifiedToken['principal'] {
  const { principal } = verified;
  switch (principal.kind) {
    case 'agent':
      return requireAgent(directory, principal, verified);
    case 'user':
      return requireUser(directory, principal, verified);
    default:
      return principal satisfies never;
  }
}

/** The agent is active, and the token is bound to one of the keys that it has now: a rotated key ends its tokens. */
function requireAgent(
  directory: Directory,
  principal: Subject<'agent'>,
  { keyThumbprint }: VerifiedToken,
): Subject<'agent'> {
  const { tenant, id } = principal;
  const agent = directory.agent(tenant, id);
  if (
    agent?.status !== 'active' ||
    !agent.publicKeys.some(({ value }) => thumbprintOf(value) === keyThumbprint)
  )
    throw new ConcordatError('CREDENTIAL_INVALID');
  return principal;
}

/**
 * The user is active, and the session was neither ended nor opened before all of them were. Roles and scopes are those
 * that the directory knows of now: a role that was taken away is gone with the next request.
 */
function requireUser(
  directory: Directory,
  principal: Subject<'user'>,
  { position }: VerifiedToken,
): Subject<'user'> {
  const { tenant, id, sessionId } = principal;
  const user = directory.user(tenant, id);
  if (
    user?.status !== 'active' ||
    comparePositions(position, user.sessionsSince) < 0 ||
    directory.hasEnded(tenant, sessionId)
  )
    throw new ConcordatError('CREDENTIAL_INVALID');
  return { ...principal, roles: user.roles, scopes: scopesOf(user.roles) };
}

/** A key has one thumbprint for all time. */
const thumbprints = new QuickLRU<string, string>({ maxSize: 10_000 });

function thumbprintOf(key: string): string {
  const known = thumbprints.get(key);
  if (known !== undefined) return known;
  const made = jwkThumbprint(key);
  thumbprints.set(key, made);
  return made;
}
