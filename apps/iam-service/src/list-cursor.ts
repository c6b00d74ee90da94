import { ConcordatError } from '@concordat/contracts';
import { fromBase64url, toBase64url, utf8 } from '@concordat/crypto';
import { z } from 'zod';

/** Where a page of a list ended: the key of its last row, opaque to callers. */
export const writeListCursor = (...key: readonly string[]): string => toBase64url(utf8(JSON.stringify(key)));

/** @param parts how many the key has @returns the beginning of the list when there is no cursor @throws ConcordatError INPUT_INVALID */
export function readListCursor(cursor: string | undefined, parts: number): string[] {
  if (cursor === undefined) return Array.from({ length: parts }, () => '');
  try {
    const text = Buffer.from(fromBase64url(cursor) ?? []).toString();
    return z.array(z.string()).length(parts).parse(JSON.parse(text));
  } catch {
    throw new ConcordatError('INPUT_INVALID', 'The cursor is not one of this list.');
  }
}

/** One page of rows that were read with one more than asked for. */
export function toPage<R, T>(
  rows: readonly R[],
  limit: number,
  toItem: (row: R) => T,
  keyOf: (row: R) => readonly string[],
): { items: T[]; nextCursor: string | null } {
  const here = rows.slice(0, limit);
  const nextCursor = rows.length > limit ? writeListCursor(...keyOf(here.at(-1)!)) : null;
  return { items: here.map(toItem), nextCursor };
}
