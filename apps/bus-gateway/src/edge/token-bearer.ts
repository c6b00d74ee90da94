import { comparePositions, ConcordatError } from '@concordat/contracts';
import { jwkThumbprint } from '@concordat/crypto';
import type { Directory } from '@concordat/directory';
import QuickLRU from 'quick-lru';
import type { VerifiedToken } from './access-token';
import { requireChain } from './delegated-right';

type Subject<K extends VerifiedToken['principal']['kind']> = Extract<VerifiedToken['principal'], { kind: K }>;

/**
 * Whether a token was not taken back, and whom it speaks for is still welcome. Asked with every request, of the directory
 * alone: what was taken away counts from the moment the directory knows it, whatever was cached before.
 * @throws ConcordatError CREDENTIAL_INVALID
 */
export function requireBearer(directory: Directory, verified: VerifiedToken, nowMs: number): void {
  const { principal } = verified;
  switch (principal.kind) {
    case 'agent':
      requireAgent(directory, principal, verified);
      if (principal.delegations) requireChain(directory, principal, nowMs);
      return requireNotWithdrawn(directory, verified, [
        principal.id,
        ...(principal.actors?.slice(0, 1) ?? []),
      ]);
    case 'user':
      requireUser(directory, principal);
      if (directory.withdrawal(principal.tenant, `session:${principal.sessionId}`)) throw refused();
      return requireNotWithdrawn(directory, verified, [principal.id]);
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

/** The directory knows no users yet, so nobody is let in as one. */
function requireUser(_directory: Directory, _user: Subject<'user'>): void {
  throw refused();
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
