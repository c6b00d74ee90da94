import { ConcordatError } from '@concordat/contracts';
import { jwkThumbprint } from '@concordat/crypto';
import type { Directory } from '@concordat/directory';
import QuickLRU from 'quick-lru';
import type { VerifiedToken } from './access-token';

type Subject<K extends VerifiedToken['principal']['kind']> = Extract<VerifiedToken['principal'], { kind: K }>;

/**
 * Whether whom a token speaks for is still welcome. Asked with every request, of the directory alone: what was taken
 * away counts from the moment the directory knows it, whatever was cached before.
 * @throws ConcordatError CREDENTIAL_INVALID
 */
export function requireBearer(directory: Directory, verified: VerifiedToken): void {
  const { principal } = verified;
  switch (principal.kind) {
    case 'agent':
      return requireAgent(directory, principal, verified);
    case 'user':
      return requireUser(directory, principal);
    default:
      return principal satisfies never;
  }
}

/** The agent is active, and the token is bound to one of the keys that it has now: a rotated key ends its tokens. */
function requireAgent(
  directory: Directory,
  { tenant, id }: Subject<'agent'>,
  { keyThumbprint }: VerifiedToken,
): void {
  const agent = directory.agent(tenant, id);
  if (
    agent?.status !== 'active' ||
    !agent.publicKeys.some(({ value }) => thumbprintOf(value) === keyThumbprint)
  )
    throw new ConcordatError('CREDENTIAL_INVALID');
}

/** The directory knows no users yet, so nobody is let in as one. */
function requireUser(_directory: Directory, _user: Subject<'user'>): void {
  throw new ConcordatError('CREDENTIAL_INVALID');
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
