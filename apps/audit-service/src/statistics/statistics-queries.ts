import type { AuditStore } from '../store/audit-store';
import { type Range, widths } from './level';
import { type AgentCount, coverOf, readSummary, readTop, type Summary } from './summary';

/** Of whom: named agents, or null, everybody in the tenant. */
export interface Scope {
  readonly tenant: string;
  readonly agents: readonly string[] | null;
}

export interface Statistics extends Summary {
  readonly topSenders: readonly AgentCount[];
  readonly topReceivers: readonly AgentCount[];
}

/** Sums over `message_audit_log`: of whole buckets from the sums that are kept, of the rest from the messages. */
export class StatisticsQueries {
  constructor(private readonly store: AuditStore) {}

  /** @param top how many agents each list names; there are none where the scope names agents */
  read({ tenant, agents }: Scope, window: Range, top: number): Promise<Statistics> {
    return this.store.snapshot(async (em) => {
      const cover = await coverOf(em, tenant, window, widths);
      const summary = await readSummary(em, tenant, cover, agents === null ? 'tenant' : { agents });
      if (agents !== null) return { ...summary, topSenders: [], topReceivers: [] };
      return {
        ...summary,
        topSenders: await readTop(em, tenant, cover, 'senders', top),
        topReceivers: await readTop(em, tenant, cover, 'receivers', top),
      };
    });
  }
}
