import { ConcordatError, type Principal } from '@concordat/contracts';
import { apiKeyHash, equalConstantTime, parseApiKey, utf8 } from '@concordat/crypto';
import type { Directory } from '@concordat/directory';
import type { Freshness } from '@concordat/directory';
import type { AccessTokens, VerifiedToken } from './access-token';
import { requireBearer } from './token-bearer';

/** How long a door waits to hear of an agent that was registered through another door a moment ago. */
const waitMs = 1_000;

export interface AuthenticatorPorts {
  readonly directory: Directory;
  readonly freshness: Freshness;
  readonly tokens: AccessTokens;
  readonly nowMs: () => number;
}

/** Who asks: decided here, from the directory, without asking anybody. */
export class Authenticator {
  /** What a token said, by the principal that `authenticate` returned for it. */
  readonly #verified = new WeakMap<Principal, VerifiedToken>();

  constructor(private readonly ports: AuthenticatorPorts) {}

  /**
   * @param authorization the `Authorization` header
   * @throws ConcordatError CREDENTIAL_MISSING, CREDENTIAL_INVALID, TOKEN_EXPIRED, DIRECTORY_STALE
   */
  async authenticate(authorization: string | undefined): Promise<Principal> {
    this.ports.freshness.require();
    if (authorization === undefined) throw new ConcordatError('CREDENTIAL_MISSING');
    const match = /^(Bearer|ApiKey) ([\x21-\x7e]{1,4096})$/i.exec(authorization);
    if (!match) throw new ConcordatError('CREDENTIAL_INVALID');
    const credential = match[2]!;
    return match[1]!.toLowerCase() === 'bearer' ? this.#token(credential) : this.#apiKey(credential);
  }

  /** Whether what was authenticated a while ago would still be: asked again when a request has waited. @throws the same */
  recheck(principal: Principal): void {
    const { directory, freshness, nowMs } = this.ports;
    freshness.require();
    const verified = this.#verified.get(principal);
    if (verified) {
      if (verified.expiresAtMs <= nowMs()) throw new ConcordatError('TOKEN_EXPIRED');
      requireBearer(directory, verified);
    } else if (!this.#isGood(directory.apiKey(principal.id))) throw new ConcordatError('CREDENTIAL_INVALID');
  }

  async #token(token: string): Promise<Principal> {
    const { directory, freshness, tokens } = this.ports;
    const verified = await tokens.verify(token);
    await freshness.reached(verified.position, waitMs);
    // What was fresh before the wait may be stale after it.
    freshness.require();
    const principal = requireBearer(directory, verified);
    this.#verified.set(principal, verified);
    return principal;
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
