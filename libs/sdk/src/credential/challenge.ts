import { challengeText, timestamp } from '@concordat/contracts';
import { ed25519Sign, toBase64url, utf8 } from '@concordat/crypto';
import { ConcordatProblem } from '../problem';
import type { AgentKey } from './agent-key';

/** What `auth.challenge` answered; from anybody. */
export interface OfferedChallenge {
  readonly challenge: string;
  readonly expiresAt: string;
}

/**
 * Signs a challenge, and nothing else: the text is taken apart, put together again from its facts, and must be the same;
 * the facts must be those of this agent. So no server can get a signature under any other text.
 * @returns the signature, base64url
 * @throws ConcordatProblem CHALLENGE_UNTRUSTED
 */
export function signChallenge({ challenge, expiresAt }: OfferedChallenge, key: AgentKey): string {
  const facts = {
    audience: factOf(challenge, 'audience'),
    tenant: factOf(challenge, 'tenant'),
    did: factOf(challenge, 'did'),
    nonce: factOf(challenge, 'nonce'),
    expiresAt: factOf(challenge, 'expires'),
  };
  if (challengeText(facts) !== challenge) throw untrusted('it is not a challenge of version 1');
  if (facts.did !== key.did) throw untrusted('it is for another agent');
  if (facts.tenant !== key.tenant) throw untrusted('it is for another tenant');
  if (key.audience !== undefined && facts.audience !== key.audience)
    throw untrusted(`it is for "${facts.audience}", not for "${key.audience}"`);
  if (!/^[\x21-\x7e]{1,128}$/.test(facts.audience) || !/^[A-Za-z0-9_-]{16,64}$/.test(facts.nonce))
    throw untrusted('its audience or its nonce is malformed');
  if (facts.expiresAt !== expiresAt || !timestamp.safeParse(expiresAt).success)
    throw untrusted('its time of expiry is not the one announced');
  return toBase64url(ed25519Sign(utf8(challenge), key.secretKey));
}

/** The rest of the first line that begins with the name; what is wrong with the text shows when it is put together again. */
function factOf(text: string, name: string): string {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name}: `));
  return line?.slice(name.length + 2) ?? '';
}

const untrusted = (why: string): ConcordatProblem =>
  new ConcordatProblem('CHALLENGE_UNTRUSTED', { detail: `The text to sign was refused: ${why}.` });
