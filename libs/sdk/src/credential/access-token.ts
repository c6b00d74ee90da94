import type { Authorizer } from '../call/caller';
import type { TimeFrame } from '../call/time-frame';
import type { Clock } from '../clock';
import type { IssuedToken } from './handshake';

interface HeldToken {
  readonly header: string;
  readonly renewAtMs: number;
  readonly endMs: number;
}

/** The share of its life after which a token is renewed. */
const renewAfter = 0.8;

/**
 * The access token of an agent: obtained when it is first needed, renewed before it ends while calls go on with the old
 * one, by one handshake at a time however many calls wait for it.
 */
export class AccessToken implements Authorizer {
  #held: HeldToken | undefined;
  #renewal: Promise<HeldToken> | undefined;

  constructor(
    private readonly obtain: () => Promise<IssuedToken>,
    private readonly clock: Clock,
  ) {}

  async authorization(frame: TimeFrame): Promise<string> {
    const now = this.clock.nowMs();
    const held = this.#held;
    // A call that is given up does not end the handshake that others wait for.
    if (!held || now >= held.endMs) return (await frame.race(this.#renew())).header;
    // Should the renewal fail, the next call tries again: until its end the old token is good.
    if (now >= held.renewAtMs) this.#renew().catch(() => undefined);
    return held.header;
  }

  refused(authorization: string): boolean {
    // A call that was sent before the last renewal says nothing about the new token.
    if (this.#held?.header === authorization) this.#held = undefined;
    return true;
  }

  /** Obtains a new token now. @returns how long it is good for, seconds @throws ConcordatProblem */
  async renew(): Promise<number> {
    const { endMs } = await this.#renew();
    return Math.round((endMs - this.clock.nowMs()) / 1_000);
  }

  #renew(): Promise<HeldToken> {
    this.#renewal ??= this.#obtain().finally(() => (this.#renewal = undefined));
    return this.#renewal;
  }

  async #obtain(): Promise<HeldToken> {
    // Its life began somewhere between question and answer: counted from the question, it never seems too long.
    const askedMs = this.clock.nowMs();
    const { accessToken, tokenType, expiresIn } = await this.obtain();
    const lifeMs = expiresIn * 1_000;
    this.#held = {
      header: `${tokenType} ${accessToken}`,
      renewAtMs: askedMs + lifeMs * renewAfter,
      endMs: askedMs + lifeMs,
    };
    return this.#held;
  }
}

/** An API key, or a token that was got before: there is no other when the server refuses it. */
export const fixedAuthorizer = (scheme: 'ApiKey' | 'Bearer', secret: string): Authorizer => ({
  authorization: async () => `${scheme} ${secret}`,
  refused: () => false,
});
