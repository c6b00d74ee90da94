import { ConcordatError } from '@concordat/contracts';
import { fromBase64url, toBase64url, utf8 } from '@concordat/crypto';

/** A page of a list that is sorted by name; its cursor is the name of the last one. */
export function pageByName<T>(
  sorted: readonly T[],
  nameOf: (item: T) => string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): { items: T[]; nextCursor: string | null } {
  const after = cursor === undefined ? undefined : readCursor(cursor);
  const rest = after === undefined ? sorted : sorted.filter((item) => nameOf(item) > after);
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return {
    items,
    nextCursor: rest.length > limit && last !== undefined ? toBase64url(utf8(nameOf(last))) : null,
  };
}

/** @throws ConcordatError INPUT_INVALID */
function readCursor(cursor: string): string {
  const bytes = fromBase64url(cursor);
  if (bytes) return Buffer.from(bytes).toString();
  throw new ConcordatError('INPUT_INVALID', 'The cursor is not one of this list.');
}
