import { type Anomaly, AnomalySettingsChanged } from '@concordat/contracts';
import type { OperationHandlers } from '@concordat/runtime';
import { z } from 'zod';
import { causedBy, type OwnEvents } from '../own-event/own-events';
import type { AuditStore } from '../store/audit-store';
import { readCursor, writeCursor } from '../trail/page';
import type { Trail } from '../trail/trail';
import { anomalyPage, type AnomalyPlace } from './anomaly-queries';
import type { AnomalyRow } from './anomaly-rows';
import { readSettings, writeSettings } from './settings';

export interface AnomalyHandlerPorts {
  readonly store: AuditStore;
  readonly trail: Trail;
  readonly ownEvents: OwnEvents;
}

const placeSchema = z.strictObject({ detectedAt: z.iso.datetime(), id: z.uuid() });

/** The operations on anomalies and on what counts as one. */
export function anomalyHandlers({ store, trail, ownEvents }: AnomalyHandlerPorts) {
  return {
    'audit.anomalies': ({ limit, cursor, ...filter }, context) =>
      trail.query(context, async (reach) => {
        const place = cursor === undefined ? undefined : readCursor(placeSchema, cursor);
        const { rows, isLast } = await anomalyPage(store, reach, filter, place, limit);
        const nextCursor = isLast ? null : writeCursor({ ...placeOf(rows.at(-1)!) });
        const output = { items: rows.map(toAnomaly), nextCursor };
        return { results: rows.length, answer: { output, position: null } };
      }),

    'audit.anomalySettings': async (_, { principal: { tenant } }) => ({
      output: await store.read((em) => readSettings(em, tenant)),
      position: null,
    }),

    'audit.putAnomalySettings': async (settings, context) => {
      const result = await ownEvents.command(context, settings, async (em, append) => {
        const cause = causedBy(context);
        await writeSettings(em, cause.tenant, settings);
        append({ spec: AnomalySettingsChanged, ...cause, data: { tenant: cause.tenant, settings } });
        return {};
      });
      return { ...result, output: settings };
    },
  } satisfies OperationHandlers;
}

const placeOf = ({ detectedAt, id }: AnomalyRow): AnomalyPlace => ({
  detectedAt: detectedAt.toISOString(),
  id,
});

const toAnomaly = ({ tenant: _, ...row }: AnomalyRow): Anomaly => ({
  ...row,
  detectedAt: row.detectedAt.toISOString(),
  windowStart: row.windowStart.toISOString(),
});
