import { LimitExceeded, type LimitKind, type LimitSetting } from '@concordat/contracts';
import { activeTraceparent } from '@concordat/runtime';
import type { RefusalFeed } from '@concordat/streams';

export interface Subject {
  /** `address`: callers without a credential. */
  readonly kind: LimitKind | 'address';
  readonly id: string;
}

export type LimitName = Exclude<keyof LimitSetting, 'kind' | 'id' | 'burst' | 'updatedAt'>;

/** Tells the audit trail who was refused by a limit: the first time at once, what follows counted together. */
export class LimitAudit {
  constructor(
    private readonly feed: Pick<RefusalFeed, 'append'>,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Not waited for: a refusal by a limit must cost little, above all when the store is slow. */
  note(tenant: string, { kind, id }: Subject, limit: LimitName): void {
    const refusal = {
      spec: LimitExceeded,
      key: `limit ${tenant} ${kind} ${id} ${limit}`,
      tenant,
      actor: kind === 'address' || kind === 'tenant' ? 'anonymous' : `${kind}:${id}`,
      data: { kind, id, limit },
      correlation: null,
      traceparent: activeTraceparent(),
    };
    this.feed.append(refusal).catch(this.onError);
  }
}
