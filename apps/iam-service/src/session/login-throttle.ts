import { ConcordatError } from '@concordat/contracts';
import QuickLRU from 'quick-lru';
import { networksOf } from './networks-of';

/** Failures that one host has at once, and the time in which it gets one back. */
const failuresAtOnce = 20;
const refillMs = 15_000;
/** All hosts of a /48 together have so many times as much: people share one, and so do the hosts of an attacker. */
const siteShare = 5;
const knownSources = 10_000;

interface Bucket {
  readonly left: number;
  readonly atMs: number;
}

/**
 * Bounds failed logins per source, across all gateways, whoever was asked for. Kept in memory: what must survive a
 * restart is how often each user was guessed at, and that is in the store.
 */
export class LoginThrottle {
  readonly #buckets = new QuickLRU<string, Bucket>({ maxSize: knownSources });

  /** @param nowMs a clock that no administrator can set back */
  constructor(private readonly nowMs: () => number) {}

  /** @throws ConcordatError LOGIN_THROTTLED */
  require(source: string): void {
    for (const [network, share] of sharesOf(source))
      if (this.#left(network, share) < 1) throw new ConcordatError('LOGIN_THROTTLED');
  }

  failed(source: string): void {
    for (const [network, share] of sharesOf(source))
      this.#buckets.set(network, { left: Math.max(this.#left(network, share) - 1, 0), atMs: this.nowMs() });
  }

  #left(network: string, share: number): number {
    const most = failuresAtOnce * share;
    const bucket = this.#buckets.get(network);
    if (!bucket) return most;
    return Math.min(bucket.left + ((this.nowMs() - bucket.atMs) * share) / refillMs, most);
  }
}

function sharesOf(source: string): [network: string, share: number][] {
  if (source === '') return [];
  const { host, site } = networksOf(source);
  return site === host ? [[host, 1]] : [[host, 1], [site, siteShare]]; // prettier-ignore
}
