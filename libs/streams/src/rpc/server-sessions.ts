import type { AlgorithmValue, Service } from '@concordat/contracts';
import {
  acceptHello,
  makeOffer,
  type SealedSession,
  type SessionHello,
  type SessionOffer,
  type Signer,
} from '@concordat/crypto';

/** A session, and who is at its other end. */
export interface CalledSession {
  readonly caller: Service;
  readonly session: SealedSession;
}

interface Offered {
  readonly offer: SessionOffer;
  readonly keys: Awaited<ReturnType<typeof makeOffer>>['keys'];
  /** Sessions made from this offer. Kept as long as its key, so that a recorded first frame cannot begin one again. */
  readonly sessions: Map<string, CalledSession>;
}

const sessionsPerOffer = 1_000;

export interface ServerSessionsOptions {
  readonly service: Service;
  readonly instance: string;
  readonly signer: Signer;
  readonly peers: Readonly<Record<Service, readonly AlgorithmValue[]>>;
  /** Who may call. */
  readonly callers: readonly Service[];
  readonly offerMs: number;
  readonly nowMs: () => number;
}

/** The sessions of a called service. Its offers, and with them all keys derived from them, are forgotten in time. */
export class ServerSessions {
  #offers: Offered[] = [];

  constructor(private readonly options: ServerSessionsOptions) {}

  /** Makes a new offer; the one before stays good until it expires. */
  async renew(): Promise<SessionOffer> {
    const { service, instance, signer, offerMs, nowMs } = this.options;
    const expiresAtMs = nowMs() + offerMs;
    const { offer, keys } = await makeOffer({ service, instance, expiresAtMs }, signer);
    // A session may outlive its offer for as long again; then its keys go.
    this.#offers = this.#offers.filter((old) => old.offer.expiresAtMs + offerMs > nowMs());
    this.#offers.push({ offer, keys, sessions: new Map() });
    return offer;
  }

  /** @returns the session, known or begun by the hello; undefined when there is none */
  find(id: string, hello: SessionHello | undefined): CalledSession | undefined {
    for (const { sessions } of this.#offers) {
      const session = sessions.get(id);
      if (session) return session;
    }
    return hello && this.#begin(id, hello);
  }

  #begin(id: string, hello: SessionHello): CalledSession | undefined {
    const { callers, peers, nowMs } = this.options;
    const caller = callers.find((name) => name === hello.caller);
    const offered = this.#offers.find(
      ({ offer }) => offer.key === hello.offerKey && offer.expiresAtMs > nowMs(),
    );
    if (!caller || !offered || offered.sessions.size >= sessionsPerOffer) return undefined;
    const session = acceptHello(hello, offered, peers[caller]);
    if (session.id !== id) return undefined;
    const called = { caller, session };
    offered.sessions.set(id, called);
    return called;
  }
}
