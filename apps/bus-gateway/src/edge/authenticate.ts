import { ConcordatError, type Principal } from '@concordat/contracts';
import { apiKeyHash, equalConstantTime, parseApiKey, utf8 } from '@concordat/crypto';
import type { Directory } from '@concordat/directory';
import type { Freshness } from '@concordat/directory';
import type { AccessTokens, VerifiedToken } from './access-token';
import { requireDelegated } from './delegated-right';
import { type CheckedProof, checkProof, type PresentedProof } from './dpop-proof';
import { requireBearer } from './token-bearer';

/** How long a door waits to hear of an agent that was registered through another door a moment ago. */
const waitMs = 1_000;

export interface AuthenticatorPorts {
  readonly directory: Directory;
  readonly freshness: Freshness;
  readonly tokens: AccessTokens;
  /** Remembers what was taken. @throws ConcordatError PROOF_INVALID when it came before */
  readonly spentProofs: { spend(proof: CheckedProof): void | Promise<void> };
  /** Origins that callers know the gateways by; empty: whatever `Host` says. */
  readonly publicUrls: readonly string[];
  readonly nowMs: () => number;
}

/** Who asks: decided here, from the directory, without asking anybody. */
export class Authenticator {
  /** What a token said, by the principal that `authenticate` returned for it. */
  readonly #verified = new WeakMap<Principal, VerifiedToken>();

  constructor(private readonly ports: AuthenticatorPorts) {}

  /**
   * @param authorization the `Authorization` header
   * @param presented the `DPoP` header, and the request that it came with
   * @throws ConcordatError CREDENTIAL_MISSING, CREDENTIAL_INVALID, TOKEN_EXPIRED, PROOF_INVALID, DIRECTORY_STALE
   */
  async authenticate(authorization: string | undefined, presented?: PresentedProof): Promise<Principal> {
    // Who brings nothing takes no place of those who wait.
    if (authorization === undefined) throw new ConcordatError('CREDENTIAL_MISSING');
    const match = /^(Bearer|DPoP|ApiKey) ([\x21-\x7e]{1,4096})$/i.exec(authorization);
    if (!match) throw new ConcordatError('CREDENTIAL_INVALID');
    await this.ports.freshness.whenFresh();
    const credential = match[2]!;
    switch (match[1]!.toLowerCase()) {
      case 'apikey':
        return this.#apiKey(credential);
      case 'dpop':
        return this.#token(credential, (verified) => this.#requireProof(credential, verified, presented));
      default:
        return this.#token(credential, requireNoProof);
    }
  }

  /**
   * The key that a request proves without a token: who asks for one gets it bound to proofs of that key.
   * @returns its thumbprint @throws ConcordatError PROOF_INVALID
   */
  provenKey(presented: PresentedProof): Promise<string> {
    return this.#takeProof(presented, undefined);
  }

  /** Whether an operation may be called with the right of another, if it is one. @throws ConcordatError DELEGATION_FORBIDDEN */
  requireDelegated(principal: Principal, operation: string): void {
    requireDelegated(this.ports.directory, principal, operation);
  }

  /**
   * Whether what was authenticated a while ago would still be: asked again when a request has waited.
   * @returns whom it speaks for, with the rights of now @throws the same
   */
  recheck(principal: Principal): Principal {
    const { directory, freshness, nowMs } = this.ports;
    freshness.require();
    const verified = this.#verified.get(principal);
    if (verified) {
      if (verified.expiresAtMs <= nowMs()) throw new ConcordatError('TOKEN_EXPIRED');
      if (!directory.signingKey(verified.keyId)) throw new ConcordatError('CREDENTIAL_INVALID');
      const now = requireBearer(directory, verified, nowMs());
      this.#verified.set(now, verified);
      return now;
    }
    if (!this.#isGood(directory.apiKey(principal.id))) throw new ConcordatError('CREDENTIAL_INVALID');
    return principal;
  }

  async #token(
    token: string,
    requireUse: (verified: VerifiedToken) => void | Promise<void>,
  ): Promise<Principal> {
    const { directory, freshness, tokens, nowMs } = this.ports;
    const verified = await tokens.verify(token);
    await requireUse(verified);
    await freshness.reached(verified.position, waitMs);
    // What was fresh before the wait may be stale after it.
    await freshness.whenFresh();
    const principal = requireBearer(directory, verified, nowMs());
    this.#verified.set(principal, verified);
    return principal;
  }

  async #requireProof(
    token: string,
    { keyThumbprint }: VerifiedToken,
    presented: PresentedProof | undefined,
  ): Promise<void> {
    if (!presented) throw new ConcordatError('PROOF_INVALID', 'The request has no DPoP header.');
    if (keyThumbprint === undefined) throw new ConcordatError('CREDENTIAL_INVALID');
    await this.#takeProof(presented, token, keyThumbprint);
  }

  async #takeProof(presented: PresentedProof, token: string | undefined, expected?: string): Promise<string> {
    const { nowMs, publicUrls, spentProofs } = this.ports;
    const checked = checkProof(presented, { nowMs: nowMs(), token, publicUrls });
    if (expected !== undefined && checked.keyThumbprint !== expected)
      throw new ConcordatError('PROOF_INVALID', 'The proof is by another key than that of the token.');
    await spentProofs.spend(checked);
    return checked.keyThumbprint;
  }

  #apiKey(key: string): Principal {
    const id = parseApiKey(key)?.id;
    const entry = id === undefined ? undefined : this.ports.directory.apiKey(id);
    // Compared also when there is no such key, so that the time of the answer does not tell.
    const isSame = equalConstantTime(utf8(apiKeyHash(key)), utf8(entry?.hash ?? apiKeyHash('')));
    if (!entry || !isSame || !this.#isGood(entry)) throw new ConcordatError('CREDENTIAL_INVALID');
    return { kind: 'apiKey', tenant: entry.tenant, id: entry.id, scopes: entry.scopes };
  }

  #isGood(entry: ReturnType<Directory['apiKey']>): boolean {
    const isExpired =
      entry !== undefined && entry.expiresAt !== null && Date.parse(entry.expiresAt) <= this.ports.nowMs();
    return entry?.status === 'active' && !isExpired;
  }
}

/** A token that wants proofs is worth nothing to whoever has only copied it. */
function requireNoProof({ needsProof }: VerifiedToken): void {
  if (needsProof)
    throw new ConcordatError('PROOF_INVALID', 'The token is good with a proof of its key only.');
}
