import { ConcordatError } from '@concordat/contracts';
import QuickLRU from 'quick-lru';

/** Failures that one source has at once, and the time in which it gets one back. */
const failuresAtOnce = 20;
const refillMs = 15_000;
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
    if (source !== '' && this.#left(networkOf(source)) < 1) throw new ConcordatError('LOGIN_THROTTLED');
  }

  failed(source: string): void {
    if (source === '') return;
    const network = networkOf(source);
    this.#buckets.set(network, { left: Math.max(this.#left(network) - 1, 0), atMs: this.nowMs() });
  }

  #left(network: string): number {
    const bucket = this.#buckets.get(network);
    if (!bucket) return failuresAtOnce;
    return Math.min(bucket.left + (this.nowMs() - bucket.atMs) / refillMs, failuresAtOnce);
  }
}

/** An IPv6 host has a whole /64 to itself (RFC 6177); IPv4 in IPv6 is IPv4. */
function networkOf(source: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(source)?.[1];
  if (mapped !== undefined) return mapped;
  if (!source.includes(':')) return source;
  const [head = '', tail] = source.toLowerCase().split('%')[0]!.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : Array<string>(Math.max(8 - front.length - back.length, 0)).fill('0');
  return [...front, ...zeros, ...back]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
