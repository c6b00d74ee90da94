import type { Caller } from '../call/caller';
import { isConcordatProblem } from '../problem';
import type { IssuedToken } from './handshake';

/** Who logs in with an address and a password. */
export interface UserCredential {
  readonly email: string;
  readonly password: string;
  /** default: `default` */
  readonly tenant?: string;
}

/**
 * The session of a user: opened when a token is first needed, then traded along from refresh token to refresh token. Once
 * it is over, a new one is opened.
 */
export class UserSession {
  #refreshToken: string | undefined;

  /** @param caller one that needs no credential */
  constructor(
    private readonly caller: Caller,
    private readonly credential: UserCredential,
  ) {}

  /** The next access token. Not to be called while one is under way: a refresh token is good for one trade. */
  async obtain(): Promise<IssuedToken> {
    const { refreshToken, ...token } = (await this.#refreshed()) ?? (await this.#opened());
    this.#refreshToken = refreshToken;
    return token;
  }

  /** @returns undefined when there is nothing to refresh, or nothing any more */
  async #refreshed() {
    const refreshToken = this.#refreshToken;
    if (refreshToken === undefined) return undefined;
    try {
      return (await this.caller.call('auth.refresh', { refreshToken })).output;
    } catch (error) {
      if (!isConcordatProblem(error, 'REFRESH_REFUSED')) throw error;
      this.#refreshToken = undefined;
      return undefined;
    }
  }

  async #opened() {
    // The answer may have been lost, and with it what it showed once: then a second session is opened.
    const open = async () => (await this.caller.call('auth.login', this.credential)).output;
    return open().catch((error: unknown) => {
      if (isConcordatProblem(error, 'SECRET_ALREADY_SHOWN')) return open();
      throw error;
    });
  }
}
