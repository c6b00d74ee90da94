import { ConcordatError } from '@concordat/contracts';
import { insideOf } from '@concordat/policy';
import { type ForwardedHeader, hopsOf } from './forwarded';

export interface ProxySettings {
  /** Networks of proxies, in CIDR. */
  readonly networks: readonly string[];
  /** The header that they write. The other one they may pass on as a stranger wrote it, so it is never read. */
  readonly header: ForwardedHeader;
}

/**
 * Where a request comes from. What a header says of it counts only from a proxy of the operator's own: of those that the
 * request came by, the nearest that is no such proxy is the caller, and what stands before it anybody may have written.
 */
export class CallerAddresses {
  readonly #isProxy: (address: string | null) => boolean;

  /** @throws Error for a network that is none */
  constructor(private readonly settings: ProxySettings = { networks: [], header: 'x-forwarded-for' }) {
    this.#isProxy = insideOf(settings.networks);
  }

  /**
   * @param peer address of who opened the connection; null: not by IP
   * @param valueOf the values of a header, joined with commas
   * @throws ConcordatError INPUT_INVALID when a proxy has written what cannot be read
   */
  of(peer: string | null, valueOf: (header: string) => string | undefined): string | null {
    if (!this.#isProxy(peer)) return peer;
    const text = valueOf(this.settings.header);
    if (text === undefined) return peer;
    const hops = hopsOf(this.settings.header, text);
    if (hops === undefined) throw unreadable(this.settings.header);
    const nearest = hops.findLastIndex((hop) => hop === undefined || !this.#isProxy(hop));
    const caller = hops[Math.max(nearest, 0)];
    if (caller === undefined) throw unreadable(this.settings.header);
    return caller;
  }
}

const unreadable = (header: ForwardedHeader): ConcordatError =>
  new ConcordatError('INPUT_INVALID', 'A trusted proxy did not say for whom it asks.', {
    errors: [{ pointer: header, message: 'must end with the address of whoever asked the proxy' }],
  });
