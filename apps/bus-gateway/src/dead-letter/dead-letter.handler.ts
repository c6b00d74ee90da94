import {
  actorOf,
  ConcordatError,
  type JsonValue,
  limits,
  type OperationOutput,
  type Position,
  type Principal,
} from '@concordat/contracts';
import type { OperationHandlers } from '@concordat/runtime';
import { busSource } from '@concordat/streams';
import { queueAddress } from '../bus/queue';
import { type Filter, findDeadLetters, searchDeadLetters } from './dead-letter-search';
import type { DeadLetter, DeadLetterStore } from './dead-letter-store';

type View = OperationOutput<'deadLetter.list'>['items'][number];

const toView = ({ queue, head, ...letter }: DeadLetter): View => ({
  ...{ id: letter.id, queue: queueAddress(queue) as View['queue'], from: head.from, type: head.type },
  ...{ correlationId: head.correlationId, timestamp: letter.timestamp, failedAt: letter.failedAt },
  ...{ attempts: letter.attempts, error: letter.error, history: letter.history },
});

/** The operations `deadLetter.*`. */
export function deadLetterHandlers(store: DeadLetterStore) {
  return {
    'deadLetter.list': async ({ limit, cursor, ...filter }, { principal }) => {
      const { items, nextCursor } = await searchDeadLetters(store, principal, filter, { limit, cursor });
      return { output: { items: items.map(toView), nextCursor }, position: null };
    },

    'deadLetter.get': async ({ id, queue }, { principal }) => {
      const filter = { ids: [id], ...(queue !== undefined && { queue }) };
      const found = await findDeadLetters(store, principal, filter, { limit: 1, withPayload: true });
      const [letter] = found.items;
      if (!letter) throw new ConcordatError('DEAD_LETTER_UNKNOWN');
      const payload = JSON.parse(letter.payload) as JsonValue;
      return { output: { ...toView(letter), payload }, position: null };
    },

    'deadLetter.replay': async ({ dryRun, ...filter }, { principal }) =>
      change(store, 'replay', principal, filter, dryRun),

    'deadLetter.purge': async ({ dryRun, id, ...filter }, { principal }) =>
      change(
        ...([store, 'purge', principal] as const),
        { ...filter, ...(id !== undefined && { ids: [id] }) },
        dryRun === 'true',
      ),
  } satisfies OperationHandlers;
}

async function change(
  store: DeadLetterStore,
  verb: 'replay' | 'purge',
  principal: Principal,
  filter: Filter,
  dryRun: boolean,
) {
  // All of them is a filter that must be written down: `failedBefore` now.
  if (Object.values(filter).every((value) => value === undefined))
    throw new ConcordatError('DEAD_LETTER_FILTER_MISSING');
  const limit = limits.deadLetterItems;
  const { items, nextCursor } = await findDeadLetters(store, principal, filter, { limit });
  const hasMore = nextCursor !== null;
  if (dryRun) return { output: { items: items.map(named), dryRun, hasMore }, position: null };
  const done: DeadLetter[] = [];
  let last: { at: Position; partition: number } | undefined;
  // The first that failed is the first to wait again: those of an ordering key keep their order.
  for (const [partition, letters] of byPartition(items.toReversed())) {
    const { changed, at } = await store.change(verb, partition, letters, actorOf(principal));
    done.push(...letters.filter((_, i) => changed[i]));
    if (at) last = { at, partition };
  }
  const output = { items: done.map(named), dryRun, hasMore };
  return { output, position: last?.at ?? null, source: busSource(last?.partition ?? 0) };
}

const named = ({ id, queue }: DeadLetter) => ({ id, queue: queueAddress(queue) as View['queue'] });

function byPartition(letters: readonly DeadLetter[]): Map<number, DeadLetter[]> {
  const found = new Map<number, DeadLetter[]>();
  for (const letter of letters) found.set(letter.partition, [...(found.get(letter.partition) ?? []), letter]);
  return found;
}
