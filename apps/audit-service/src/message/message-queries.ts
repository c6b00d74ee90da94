import type { OperationInput } from '@concordat/contracts';
import type { FilterQuery } from '@mikro-orm/postgresql';
import type { AuditStore } from '../store/audit-store';
import { type Cut, cutPage } from '../trail/page';
import type { Reach } from '../trail/trail';
import { AuditMessage, type MessageRow } from './message-row';

export type MessageFilter = Omit<OperationInput<'audit.messages'>, 'limit' | 'cursor'>;

/** The last message of the page before. */
export interface MessagePlace {
  readonly timestamp: string;
  readonly messageId: string;
}

const ofAgents = (names: readonly string[]): FilterQuery<MessageRow> => ({
  $or: [{ fromAgent: { $in: [...names] } }, { toAgent: { $in: [...names] } }],
});

const matching = ({
  agent,
  status,
  type,
  correlationId,
  from,
  to,
}: MessageFilter): FilterQuery<MessageRow>[] => [
  ...(agent === undefined ? [] : [ofAgents([agent])]),
  ...(status === undefined ? [] : [{ status }]),
  ...(type === undefined ? [] : [{ messageType: type }]),
  ...(correlationId === undefined ? [] : [{ correlationId }]),
  ...(from === undefined ? [] : [{ timestamp: { $gte: new Date(from) } }]),
  ...(to === undefined ? [] : [{ timestamp: { $lt: new Date(to) } }]),
];

/** The first condition alone is a range of the index; the second decides between messages of one millisecond. */
const before = ({ timestamp, messageId }: MessagePlace): FilterQuery<MessageRow>[] => {
  const at = new Date(timestamp);
  const tie = { $or: [{ timestamp: { $lt: at } }, { timestamp: at, messageId: { $lt: messageId } }] };
  return [{ timestamp: { $lte: at } }, tie];
};

/** Queries on `message_audit_log`. Every one is bound to what its reader may see. */
export class MessageQueries {
  constructor(private readonly store: AuditStore) {}

  /** Newest first. Messages whose acceptance has not come yet are left out: what they are is not known. */
  page(
    { tenant, names }: Reach,
    filter: MessageFilter,
    place: MessagePlace | undefined,
    limit: number,
  ): Promise<Cut<MessageRow>> {
    const where: FilterQuery<MessageRow> = {
      $and: [
        { tenant, timestamp: { $ne: null } },
        ...(names === null ? [] : [ofAgents(names)]),
        ...matching(filter),
        ...(place ? before(place) : []),
      ],
    };
    return this.store.read(async (em) => {
      const rows = await em.find(AuditMessage, where, {
        orderBy: [{ timestamp: 'desc' }, { messageId: 'desc' }],
        limit: limit + 1,
      });
      const page = cutPage(rows, limit, ({ payloadBytes }) => payloadBytes ?? 0);
      await em.populate([...page.rows], ['payload']);
      return page;
    });
  }
}
