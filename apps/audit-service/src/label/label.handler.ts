import { actorOf, AuditLabelsDeclared } from '@concordat/contracts';
import type { Clock, OperationHandlers } from '@concordat/runtime';
import type { OwnEvents } from '../own-event/own-events';
import type { AuditStore } from '../store/audit-store';
import { type LabelRegistry, readDeclaration, writeDeclaration } from './label-registry';

export interface LabelPorts {
  readonly store: AuditStore;
  readonly ownEvents: OwnEvents;
  readonly registry: LabelRegistry;
  readonly clock: Clock;
}

/** The operations `audit.labels` and `audit.setLabels`. */
export function labelHandlers({ store, ownEvents, registry, clock }: LabelPorts) {
  return {
    'audit.labels': async (_input, { principal }) => {
      const found = await store.snapshot((em) => readDeclaration(em, principal.tenant));
      const output = {
        labels: [...(found?.labels ?? [])],
        updatedAt: found?.updatedAt.toISOString() ?? null,
      };
      return { output, position: null };
    },
    'audit.setLabels': async (input, context) => {
      const { tenant } = context.principal;
      const { labels } = input;
      const result = await ownEvents.command(context, input, async (em, append) => {
        const updatedAt = clock.now();
        await writeDeclaration(em, tenant, { labels, updatedAt });
        append({
          spec: AuditLabelsDeclared,
          tenant,
          actor: actorOf(context.principal),
          time: updatedAt,
          data: { tenant, labels },
        });
        return { count: labels.length, updatedAt: updatedAt.toISOString() };
      });
      await registry.load();
      return result;
    },
  } satisfies OperationHandlers;
}
