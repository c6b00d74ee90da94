import { ConcordatError, limits } from '@concordat/contracts';
import { fromBase64url, sha256, toBase64url, utf8 } from '@concordat/crypto';
import { z } from 'zod';

/** Cursors of one query: a place in its list, opaque to the caller, which another query refuses. */
export interface Cursors<Place extends object> {
  write(place: Place): string;
  /** @throws ConcordatError INPUT_INVALID when it is not a cursor of this list */
  read(cursor: string): Place;
}

/**
 * @param query what decides which list it is: the operation, its filters and its order, whatever the order of the fields
 */
export function cursorsOf<Place extends object>(
  schema: z.ZodType<Place>,
  query: Readonly<Record<string, unknown>>,
): Cursors<Place> {
  const list = nameOf(query);
  return {
    write: (place) => writeCursor({ list, place }),
    // Only the second page has a cursor to be read, and a schema costs more to make than to use.
    read: (cursor) => readCursor(z.strictObject({ list: z.literal(list), place: schema }), cursor).place,
  };
}

/** Nobody gains by making two lists with one name: a cursor opens nothing, it only says where to go on. */
function nameOf(query: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(query).filter(([, value]) => value !== undefined);
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return toBase64url(sha256(utf8(JSON.stringify(fields))).subarray(0, 12));
}

/** A place in a list of one kind, opaque to the caller. */
export const writeCursor = (place: Readonly<Record<string, unknown>>): string =>
  toBase64url(utf8(JSON.stringify(place)));

/** @throws ConcordatError INPUT_INVALID when it is not a cursor of this list */
export function readCursor<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(fromBase64url(text) ?? []).toString('utf8')));
  } catch {
    throw strangeCursor();
  }
}

const strangeCursor = (): ConcordatError =>
  new ConcordatError('INPUT_INVALID', 'The cursor is not one of this list.', {
    errors: [
      { pointer: '/cursor', message: 'must be `nextCursor` of the page before, with the same filters' },
    ],
  });

export interface Cut<Row> {
  readonly rows: readonly Row[];
  readonly isLast: boolean;
}

/**
 * Cuts a page to what may go out at once: `limit` rows, and no more bytes than a chunk; but at least one row, so that a
 * reader always gets on.
 * @param rows one more than the limit, if there are so many
 */
export function cutPage<Row>(rows: readonly Row[], limit: number, bytesOf: (row: Row) => number): Cut<Row> {
  let bytes = 0;
  let count = 0;
  for (const row of rows.slice(0, limit)) {
    bytes += bytesOf(row);
    if (count > 0 && bytes > limits.chunkBytes) break;
    count++;
  }
  return { rows: rows.slice(0, count), isLast: count === rows.length };
}
