import { ConcordatError, type OperationInput, type Principal } from '@concordat/contracts';
import { fromBase64url, toBase64url, utf8 } from '@concordat/crypto';
import { z } from 'zod';
import { queueAddress } from '../bus/queue';
import { type DeadLetter, type DeadLetterStore, memberOf, type Place } from './dead-letter-store';

export type Filter = Partial<
  Omit<OperationInput<'deadLetter.list'>, 'limit' | 'cursor'> & { readonly ids: readonly string[] }
>;

/** An agent sees those of its own inbox, an administrator all of the tenant. */
export const maySee = (principal: Principal, letter: Pick<DeadLetter, 'queue'>): boolean =>
  principal.scopes.includes('admin') ||
  (principal.kind === 'agent' && letter.queue.kind === 'inbox' && letter.queue.did === principal.id);

export function matches(letter: DeadLetter, filter: Filter): boolean {
  const { ids, queue, from, type, error, failedBefore, failedAfter } = filter;
  const failedMs = Date.parse(letter.failedAt);
  return (
    (ids === undefined || ids.includes(letter.id)) &&
    (queue === undefined || queueAddress(letter.queue) === queue) &&
    (from === undefined || letter.head.from === from) &&
    (type === undefined || letter.head.type === type) &&
    (error === undefined || letter.error.toLowerCase().includes(error.toLowerCase())) &&
    (failedBefore === undefined || failedMs < Date.parse(failedBefore)) &&
    (failedAfter === undefined || failedMs > Date.parse(failedAfter))
  );
}

const cursorSchema = z.array(z.tuple([z.string().max(32), z.string().max(512)]).nullable()).max(1_024);
type Places = (Place | undefined)[];

/** @throws ConcordatError INPUT_INVALID */
export function readCursor(cursor: string | undefined, partitions: number): Places {
  if (cursor === undefined) return Array.from({ length: partitions }, () => undefined);
  try {
    const places = cursorSchema.parse(JSON.parse(Buffer.from(fromBase64url(cursor) ?? []).toString()));
    if (places.length === partitions)
      return places.map((place) => (place ? { clock: place[0], member: place[1] } : undefined));
  } catch {
    // Said below.
  }
  throw new ConcordatError('INPUT_INVALID', 'The cursor is not one of this list.');
}

const writeCursor = (places: Places): string =>
  toBase64url(utf8(JSON.stringify(places.map((place) => (place ? [place.clock, place.member] : null)))));

const pageSize = 200;
/** Dead letters that one page of a search looks at; it then answers with what it has found, and a cursor. */
const mostSeen = 10_000;

interface PageOptions {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly withPayload?: boolean;
  readonly seenPerPage?: number;
}
interface Page {
  readonly items: DeadLetter[];
  readonly nextCursor: string | null;
}

/** Those that the caller may see and the filter lets through, the latest of every partition first. */
export async function searchDeadLetters(
  store: DeadLetterStore,
  principal: Principal,
  filter: Filter,
  { limit, cursor, withPayload = false, seenPerPage = mostSeen }: PageOptions,
): Promise<Page> {
  const places = readCursor(cursor, store.partitions);
  const items: DeadLetter[] = [];
  let seen = 0;
  for (let partition = 0; partition < store.partitions; partition++) {
    for (;;) {
      const after = places[partition];
      const page = await store.list(partition, principal.tenant, pageSize, { after, withPayload });
      for (const letter of page) {
        // There are more: the last one that was looked at is where the next page begins.
        if (items.length === limit || seen === seenPerPage) return { items, nextCursor: writeCursor(places) };
        places[partition] = { clock: String(letter.clock), member: memberOf(letter) };
        seen++;
        if (maySee(principal, letter) && matches(letter, filter)) items.push(letter);
      }
      if (page.length < pageSize) break;
    }
  }
  return { items, nextCursor: null };
}

/** As above, but goes on until it has found some, or has seen them all. */
export async function findDeadLetters(
  store: DeadLetterStore,
  principal: Principal,
  filter: Filter,
  options: PageOptions,
): Promise<Page> {
  let page = await searchDeadLetters(store, principal, filter, options);
  while (page.items.length === 0 && page.nextCursor !== null)
    page = await searchDeadLetters(store, principal, filter, { ...options, cursor: page.nextCursor });
  return page;
}
