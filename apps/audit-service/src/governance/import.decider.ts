import { GovernanceLogged } from '@concordat/contracts';
import type { Decider } from '@concordat/eventsourcing';

/** A line as it was read: with an id for the record that it would make, or with what is wrong with it. */
export interface ReadLine {
  readonly id: string;
  readonly lineHash: string;
  readonly problem: string | null;
}

export interface ImportLines {
  readonly kind: 'ImportLines';
  readonly lines: readonly ReadLine[];
}

export interface LineImported {
  readonly type: typeof GovernanceLogged.type;
  readonly data: Pick<ReadLine, 'id' | 'lineHash'>;
}

/** Records by the hash of the line that they were made of. */
export type KnownLines = ReadonlyMap<string, string>;

/** A line makes one record, however often it comes and however many of it stand in one file. */
export const importDecider: Decider<ImportLines, LineImported, KnownLines> = {
  initialState: new Map(),

  decide({ lines }, known) {
    const fresh = new Map<string, string>();
    for (const { id, lineHash, problem } of lines)
      if (problem === null && !known.has(lineHash) && !fresh.has(lineHash)) fresh.set(lineHash, id);
    return [...fresh].map(([lineHash, id]) => ({ type: GovernanceLogged.type, data: { id, lineHash } }));
  },

  evolve: (known, { data: { id, lineHash } }) => new Map([...known, [lineHash, id]]),
};
