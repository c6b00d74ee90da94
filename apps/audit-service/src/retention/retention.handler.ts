import { ConcordatError, RetentionChanged } from '@concordat/contracts';
import type { Clock, OperationHandlers } from '@concordat/runtime';
import { lockLog } from '../log/log-writer';
import { causedBy, type OwnEvents } from '../own-event/own-events';
import type { AuditStore } from '../store/audit-store';
import type { Trail } from '../trail/trail';
import { aheadMs, type Layout } from './layout';
import { createMissing, layoutChanged, readLayout, timesOf } from './partitions';
import { retainedOf } from './retained';
import { classOf, defaultClass, type Keep, keepOf } from './retention-class';
import { type DataKind, dataKinds, RetentionSetting, type RetentionSettingRow } from './retention-rows';

export interface RetentionPorts {
  readonly store: AuditStore;
  readonly ownEvents: OwnEvents;
  readonly trail: Trail;
  readonly clock: Clock;
  /** Has a run begun. @returns whether it will be within so many milliseconds */
  readonly runSoon: (ms: number) => Promise<boolean>;
}

const askMs = 1_000;

/** How long the trail is kept: what the tenant has set, and what goes when. */
export function retentionHandlers({ store, ownEvents, trail, clock, runSoon }: RetentionPorts) {
  return {
    'audit.retention': (_, context) =>
      trail.query(context, async ({ tenant, names }) => {
        const settings = await store.read((em) =>
          em.find(RetentionSetting, { tenant }, { orderBy: { since: 'asc' } }),
        );
        // How much there is concerns those who look after all of it.
        const partitions =
          names === null ? await retainedOf(store, tenant, clock.nowMs(), { alsoNext: true }) : [];
        const output = { ...keptOf(settings), partitions };
        return { results: partitions.length, answer: { output, position: null } };
      }),
    'audit.setRetention': (input, context) => {
      const { dryRun, ...wanted } = input;
      const { tenant, actor } = causedBy(context);
      return ownEvents.command(context, input, async (em, append) => {
        const state = await lockLog(em);
        if (!state) throw new ConcordatError('SERVICE_UNAVAILABLE', 'The audit log is not begun yet.');
        const times = timesOf(state, clock);
        const layout = await readLayout(em, state.retentionVersion);
        // Nothing that came so far is of a later time: what is there keeps its class.
        const since = new Date(times.loggedMs + aheadMs);
        const changes = changesOf(layout, tenant, wanted).map((change) => ({ tenant, since, ...change }));
        const before = await em.find(RetentionSetting, { tenant }, { orderBy: { since: 'asc' } });
        const output = keptOf([...before, ...changes]);
        if (dryRun || changes.length === 0) return output;
        await em.upsertMany(RetentionSetting, changes);
        const version = await layoutChanged(em, layout.version);
        await createMissing(em, await readLayout(em, version), times);
        for (const { kind, retentionClass } of changes) {
          const data = { kind, keep: keepOf(retentionClass), since: since.toISOString() };
          append({ spec: RetentionChanged, tenant, actor, data });
        }
        return output;
      });
    },
    'audit.runRetention': ({ dryRun }, context) =>
      trail.query(context, async ({ tenant }) => {
        const partitions = await retainedOf(store, tenant, clock.nowMs(), { alsoNext: false });
        const begun = !dryRun && (await runSoon(askMs));
        if (!dryRun && !begun) throw new ConcordatError('SERVICE_UNAVAILABLE', 'Redis does not answer.');
        return { results: partitions.length, answer: { output: { begun, partitions }, position: null } };
      }),
  } satisfies OperationHandlers;
}

/** What differs from what counts now, or will in a moment. */
function changesOf(
  layout: Layout,
  tenant: string,
  wanted: { readonly [kind in DataKind]?: Keep | undefined },
): Pick<RetentionSettingRow, 'kind' | 'retentionClass'>[] {
  return dataKinds.flatMap((kind) => {
    const keep = wanted[kind];
    const isSet = keep === undefined || layout.classAt(tenant, kind, Infinity) === classOf(keep);
    return isSet ? [] : [{ kind, retentionClass: classOf(keep) }];
  });
}

/** @param settings in the order of `since` */
function keptOf(settings: readonly RetentionSettingRow[]) {
  const of = (kind: DataKind) => {
    const setting = settings.findLast((one) => one.kind === kind);
    const keep = keepOf(setting?.retentionClass ?? defaultClass);
    return { keep, since: setting?.since.toISOString() ?? null };
  };
  return { events: of('events'), messages: of('messages') };
}
