/** A row of the database that is not what the log says. */
export interface DatabaseFault {
  readonly table: string;
  /** Index of the entry; null for rows that belong to none. */
  readonly logIndex: number | null;
  readonly eventId: string | null;
  /** Whose row it is; null for rows of the log itself. */
  readonly tenant: string | null;
  /** Another name of the row: id of a message, name of a source, tile, size of a checkpoint. */
  readonly row: string | null;
  readonly detail: string;
}

/** Faults that are kept; further ones are counted. */
const kept = 100;

/** What was found, first entries first. */
export class Faults {
  readonly #list: DatabaseFault[] = [];
  #count = 0;

  add(fault: Partial<DatabaseFault> & Pick<DatabaseFault, 'table' | 'detail'>): void {
    this.#count++;
    if (this.#list.length >= kept) return;
    this.#list.push({ logIndex: null, eventId: null, tenant: null, row: null, ...fault });
  }

  get count(): number {
    return this.#count;
  }

  /** Those of entries by their place in the log, the others behind them. */
  get list(): readonly DatabaseFault[] {
    return this.#list.toSorted((a, b) => (a.logIndex ?? Infinity) - (b.logIndex ?? Infinity) || 0);
  }
}
