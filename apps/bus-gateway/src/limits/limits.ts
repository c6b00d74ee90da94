import { ConcordatError, type LimitSetting, type Principal } from '@concordat/contracts';
import { networkOf } from '@concordat/runtime';
import QuickLRU from 'quick-lru';
import type { LimitAudit, LimitName, Subject } from './limit-audit';
import type { LimitSettings } from './limit-settings';
import { SharedAllowance } from './shared-allowance';
import type { SharedMeters } from './shared-meters';
import { SlidingWindow } from './sliding-window';
import { TokenBucket } from './token-bucket';

/** Requests per second where nobody has set anything else; twice as many at once. */
export interface DefaultLimits {
  /** Of an agent, and of a user. */
  readonly requestsPerSecond: number;
  readonly apiKeyRequestsPerSecond: number;
  /** Without a credential, from one address: at each gateway by itself. */
  readonly addressRequestsPerSecond: number;
}

export interface LimitsPorts {
  readonly meters: SharedMeters;
  readonly settings: Pick<LimitSettings, 'of'>;
  readonly audit: Pick<LimitAudit, 'note'>;
  readonly defaults: DefaultLimits;
  readonly monotonicMs: () => number;
}

/** Subjects remembered at a time; one that is forgotten is known to Redis still. */
const knownSubjects = 50_000;
const minuteMs = 60_000;
const dayMs = 86_400_000;
/** Seconds' worth of requests that may come at once. */
const burstSeconds = 2;

type Allowances = Partial<Record<LimitName, SharedAllowance>>;
type Known = Exclude<Principal, { kind: 'anonymous' }>;
type Taken = readonly [SharedAllowance, number];

/** How much everybody may ask and send: rate limits and quotas, the same whichever gateway is asked. */
export class Limits {
  readonly #addresses = new QuickLRU<string, TokenBucket>({ maxSize: knownSubjects });
  readonly #subjects = new QuickLRU<string, { setting: LimitSetting | undefined; allowances: Allowances }>({
    maxSize: knownSubjects,
  });

  constructor(private readonly ports: LimitsPorts) {}

  /** Every request costs one. @throws ConcordatError RATE_LIMITED */
  async admitRequest(principal: Principal, address: string | null): Promise<void> {
    if (principal.kind === 'anonymous') return this.#admitAddress(principal.tenant, address ?? '');
    await this.#take(principal, [['requestsPerSecond', 1]]);
  }

  /** Before messages are published: all of them, or none. @throws ConcordatError QUOTA_EXCEEDED */
  async admitMessages(principal: Principal, count: number): Promise<void> {
    const wanted = [['messagesPerMinute', count] as const, ['messagesPerDay', count] as const];
    if (count > 0 && principal.kind !== 'anonymous') await this.#take(principal, wanted);
  }

  #admitAddress(tenant: string, address: string): void {
    const { defaults, monotonicMs } = this.ports;
    const network = networkOf(address);
    const perSecond = defaults.addressRequestsPerSecond;
    const bucket = this.#addresses.get(network) ?? new TokenBucket(perSecond, perSecond * burstSeconds);
    this.#addresses.set(network, bucket);
    const waitMs = bucket.take(1, monotonicMs());
    // Not which one: an address says where a person is.
    if (waitMs > 0) this.#refuse(tenant, { kind: 'address', id: 'anonymous' }, 'requestsPerSecond', waitMs);
  }

  async #take(principal: Known, wanted: readonly (readonly [LimitName, number])[]): Promise<void> {
    const { tenant } = principal;
    const settings = await this.ports.settings.of(tenant);
    const taken: Taken[] = [];
    for (const subject of subjectsOf(principal)) {
      const allowances = this.#allowancesOf(tenant, subject, settings.get(`${subject.kind} ${subject.id}`));
      for (const [name, count] of wanted) {
        const allowance = allowances[name];
        const waitMs = allowance ? await allowance.take(count) : 0;
        if (allowance) taken.push([allowance, count]);
        if (waitMs === 0) continue;
        for (const [before, part] of taken.slice(0, -1)) before.giveBack(part);
        this.#refuse(tenant, subject, name, waitMs);
      }
    }
  }

  #refuse(tenant: string, subject: Subject, limit: LimitName, waitMs: number): never {
    this.ports.audit.note(tenant, subject, limit);
    const who = subject.kind === 'address' ? 'This address' : `The ${subject.kind} ${subject.id}`;
    const detail = `${who} has used up its ${limit}.`;
    const retryAfterSeconds = Math.ceil(waitMs / 1_000);
    throw new ConcordatError(limit === 'requestsPerSecond' ? 'RATE_LIMITED' : 'QUOTA_EXCEEDED', detail, {
      retryAfterSeconds,
    });
  }

  #allowancesOf(tenant: string, { kind, id }: Subject, setting: LimitSetting | undefined): Allowances {
    const name = `${tenant}.${kind}.${id}`;
    const known = this.#subjects.get(name);
    if (known && known.setting === setting) return known.allowances;
    const allowances = this.#newAllowances(name, kind, setting);
    this.#subjects.set(name, { setting, allowances });
    return allowances;
  }

  #newAllowances(name: string, kind: Subject['kind'], setting: LimitSetting | undefined): Allowances {
    const { meters, monotonicMs } = this.ports;
    const perSecond = setting?.requestsPerSecond ?? this.#defaultOf(kind);
    const { messagesPerMinute, messagesPerDay } = setting ?? {};
    const allowances: Allowances = {};
    if (perSecond !== undefined) {
      const capacity = setting?.burst ?? perSecond * burstSeconds;
      const ask = meters.bucket(name, perSecond, capacity);
      const bucket = new TokenBucket(perSecond, capacity);
      allowances.requestsPerSecond = new SharedAllowance(bucket, ask, monotonicMs);
    }
    const window = (limit: number, windowMs: number, part: string): SharedAllowance => {
      const ask = meters.window(name, part, limit, windowMs);
      return new SharedAllowance(new SlidingWindow(limit, windowMs), ask, monotonicMs);
    };
    if (messagesPerMinute) allowances.messagesPerMinute = window(messagesPerMinute, minuteMs, 'minute');
    if (messagesPerDay) allowances.messagesPerDay = window(messagesPerDay, dayMs, 'day');
    return allowances;
  }

  #defaultOf(kind: Subject['kind']): number | undefined {
    const { requestsPerSecond, apiKeyRequestsPerSecond } = this.ports.defaults;
    if (kind === 'tenant') return undefined;
    return kind === 'apiKey' ? apiKeyRequestsPerSecond : requestsPerSecond;
  }
}

/**
 * Whom a request counts against: who acts, and the tenant. With the right of another it is still who acts: nobody gets
 * more by delegations, or uses up what is another's.
 */
function subjectsOf(principal: Known): Subject[] {
  const { kind, tenant } = principal;
  const id = kind === 'agent' ? (principal.actors?.[0] ?? principal.id) : principal.id;
  return [
    { kind, id },
    { kind: 'tenant', id: tenant },
  ];
}
