import { RecordsDropped, sourceUri } from '@concordat/contracts';
import { type RecordKind, recordTables } from '../retention/retention-rows';
import type { ToldEvent } from './later-events';

const authority = sourceUri('audit');
/** An id is made a moment after the time of its record was read. */
const slackMs = 60_000;

interface Gone {
  /** That may be missing still. */
  rows: number;
  /** Whose id is of this time or later is none of them. */
  untilMs: number;
}

/**
 * Records of governance that retention has deleted, as the log says: so many of a table of a tenant may be missing. Which
 * they are is not told; an id is a UUIDv7, and says when it was made.
 */
export class DroppedRecords {
  readonly #told = new Set<string>();
  readonly #gone = new Map<string, Gone>();

  /** @param event as it was logged, or on its way there; may come again */
  note({ type, source, tenant, data }: Pick<ToldEvent, 'type' | 'source' | 'tenant' | 'data'>): void {
    if (source !== authority || type !== RecordsDropped.type) return;
    const { kind, from, to, rows, heldRows } = JSON.parse(data) as Told;
    const name = `${recordTables[kind].table} ${tenant}`;
    // Of two that drop as many from the same stretch, the later one leaves less behind.
    const event = [name, from, to, rows, heldRows].join(' ');
    if (this.#told.has(event)) return;
    this.#told.add(event);
    const before = this.#gone.get(name) ?? { rows: 0, untilMs: -Infinity };
    const untilMs = Math.max(before.untilMs, Date.parse(to));
    this.#gone.set(name, { rows: before.rows + rows, untilMs });
  }

  /**
   * One that is missing is one of them.
   * @param id undefined: not known, since its subject was erased
   * @returns false when it cannot be
   */
  take(table: string, tenant: string, id?: string): boolean {
    const gone = this.#gone.get(`${table} ${tenant}`);
    if (!gone || gone.rows === 0 || (id !== undefined && timeOf(id) >= gone.untilMs + slackMs)) return false;
    gone.rows--;
    return true;
  }
}

interface Told {
  readonly kind: RecordKind;
  readonly from: string;
  readonly to: string;
  readonly rows: number;
  readonly heldRows: number;
}

/** Milliseconds since 1970 (RFC 9562 §5.7). */
const timeOf = (id: string): number => parseInt(id.replaceAll('-', '').slice(0, 12), 16);
