import { limits } from '@concordat/contracts';
import { type Concordat, type OperationOutput, type OperationRequest } from '@concordat/sdk';

type Filter = Pick<OperationRequest<'audit.messages'>, 'agent' | 'correlationId'>;
export type AuditMessage = OperationOutput<'audit.messages'>['items'][number];

/** The audit trail hears of messages of several partitions, each in order, but of an earlier one perhaps later. */
const overlapMs = 60_000;
/** Messages that are remembered, so that each is told once. */
const rememberedIds = 50_000;

/**
 * Messages as they come into the audit trail, oldest first; takes nothing from anybody.
 * @param last so many of those that are there already come first
 * @param pause between two looks
 */
export async function* followMessages(
  client: Concordat,
  filter: Filter,
  last: number,
  pause: () => Promise<void>,
): AsyncGenerator<AuditMessage> {
  const seen = new Set<string>();
  let newest = Date.now() - overlapMs;
  let isFirst = true;
  let floor = '';
  for (;;) {
    const found = isFirst
      ? (await client.audit.messages({ ...filter, limit: limits.pageItems })).items
      : await since(client, filter, new Date(newest - overlapMs).toISOString());
    // What the first look did not reach was there before: it is not news.
    if (isFirst && found.length === limits.pageItems) floor = found.at(-1)!.timestamp;
    const fresh = found
      .filter(({ messageId, timestamp }) => !seen.has(messageId) && timestamp >= floor)
      .reverse();
    for (const { messageId, timestamp } of fresh) {
      seen.add(messageId);
      newest = Math.max(newest, Date.parse(timestamp));
      if (seen.size > rememberedIds) seen.delete(seen.values().next().value!);
    }
    yield* isFirst ? fresh.slice(fresh.length - Math.min(last, fresh.length)) : fresh;
    isFirst = false;
    await pause();
  }
}

/** All pages, the latest first. */
async function since(client: Concordat, filter: Filter, from: string): Promise<AuditMessage[]> {
  const items: AuditMessage[] = [];
  let cursor: string | undefined;
  do {
    const page: OperationOutput<'audit.messages'> = await client.audit.messages({
      ...{ ...filter, from, cursor, limit: limits.pageItems },
    });
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && items.length < rememberedIds);
  return items;
}
