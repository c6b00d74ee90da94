import { ConcordatError } from '@concordat/contracts';
import { canonicalJson, equalConstantTime, fromBase64url, toBase64url, utf8 } from '@concordat/crypto';
import { z } from 'zod';

/** Where a page of a list ended, and a mark that only this service makes. */
const schema = z.tuple([z.json(), z.string()]);

/**
 * Cursors of one list: of this tenant, with this filter. That of another list is none of this one, and nobody makes one
 * up: a cursor that fits only there skips or repeats what it should not.
 */
export class ListCursors<Place> {
  /**
   * @param blindName `CommandContexts.blindName`
   * @param list what the list is of, its tenant and its filter
   */
  constructor(
    private readonly blindName: (...parts: readonly string[]) => string,
    private readonly list: readonly unknown[],
  ) {}

  write(place: Place): string {
    return toBase64url(utf8(JSON.stringify([place, this.#mark(place)])));
  }

  /** @throws ConcordatError INPUT_INVALID */
  read(cursor: string | undefined): Place | undefined {
    if (cursor === undefined) return undefined;
    try {
      const text = Buffer.from(fromBase64url(cursor) ?? []).toString();
      const [place, mark] = schema.parse(JSON.parse(text));
      if (equalConstantTime(utf8(mark), utf8(this.#mark(place as Place)))) return place as Place;
    } catch {
      // Said below.
    }
    throw new ConcordatError('INPUT_INVALID', 'The cursor is not one of this list.');
  }

  #mark(place: Place): string {
    return this.blindName('cursor', canonicalJson([this.list, place]));
  }
}
