import type { OperationInput } from '@concordat/contracts';
import type { FilterQuery } from '@mikro-orm/postgresql';
import type { AuditStore } from '../store/audit-store';
import { type Cut, cutPage } from '../trail/page';
import type { Reach } from '../trail/trail';
import { AnomalyEntity, type AnomalyRow } from './anomaly-rows';

export type AnomalyFilter = Omit<OperationInput<'audit.anomalies'>, 'limit' | 'cursor'>;

/** The last anomaly of the page before. */
export interface AnomalyPlace {
  readonly detectedAt: string;
  readonly id: string;
}

const matching = ({ agent, kind, from, to }: AnomalyFilter): FilterQuery<AnomalyRow>[] => [
  ...(agent === undefined ? [] : [{ agent }]),
  ...(kind === undefined ? [] : [{ kind }]),
  ...(from === undefined ? [] : [{ detectedAt: { $gte: new Date(from) } }]),
  ...(to === undefined ? [] : [{ detectedAt: { $lt: new Date(to) } }]),
];

function before({ detectedAt, id }: AnomalyPlace): FilterQuery<AnomalyRow>[] {
  const at = new Date(detectedAt);
  const tie = { $or: [{ detectedAt: { $lt: at } }, { detectedAt: at, id: { $lt: id } }] };
  return [{ detectedAt: { $lte: at } }, tie];
}

/** Of an anomaly at most: figures, words and names. */
const rowBytes = 2_048;

/** Anomalies of the agents that a reader may see, newest first. */
export function anomalyPage(
  store: AuditStore,
  { tenant, names }: Reach,
  filter: AnomalyFilter,
  place: AnomalyPlace | undefined,
  limit: number,
): Promise<Cut<AnomalyRow>> {
  const where: FilterQuery<AnomalyRow> = {
    $and: [
      { tenant },
      ...(names === null ? [] : [{ agent: { $in: [...names] } }]),
      ...matching(filter),
      ...(place ? before(place) : []),
    ],
  };
  return store.read(async (em) => {
    const orderBy = [{ detectedAt: 'desc' }, { id: 'desc' }] as const;
    const rows = await em.find(AnomalyEntity, where, { orderBy: [...orderBy], limit: limit + 1 });
    return cutPage(rows, limit, () => rowBytes);
  });
}
