import { ConcordatError, limits } from '@concordat/contracts';
import { fromBase64url, toBase64url, utf8 } from '@concordat/crypto';
import type { z } from 'zod';

/** A place in a list, opaque to the caller. */
export const writeCursor = (place: Readonly<Record<string, unknown>>): string =>
  toBase64url(utf8(JSON.stringify(place)));

/** @throws ConcordatError INPUT_INVALID when it is not a cursor of this list */
export function readCursor<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(fromBase64url(text) ?? []).toString('utf8')));
  } catch {
    throw new ConcordatError('INPUT_INVALID', 'The cursor is not one of this list.', {
      errors: [{ pointer: '/cursor', message: 'must be `nextCursor` of the page before' }],
    });
  }
}

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
