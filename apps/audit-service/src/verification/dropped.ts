import { HeldRowsDropped, PartitionDropped, sourceUri } from '@concordat/contracts';
import { microseconds } from './event-pages';
import type { ToldEvent } from './later-events';

/** A stranger may put whatever he likes into a feed. */
const authority = sourceUri('audit');
export const dropTypes: readonly string[] = [PartitionDropped.type, HeldRowsDropped.type];

/**
 * What retention has dropped, as the log says. Rows of events that are gone by right are counted: a leaf does not tell whose
 * it is, nor when it was logged. Messages are judged whole when all that tells of them came after the last period.
 */
export class Dropped {
  #rows = 0;
  /** microseconds since 1970; 0 when nothing was dropped */
  #until = 0n;

  /** @param event as it was logged */
  note({ type, source, data }: Pick<ToldEvent, 'type' | 'source' | 'data'>): void {
    if (source !== authority || !dropTypes.includes(type)) return;
    const { kind, rows, to } = JSON.parse(data) as { kind: string; rows: number; to?: string };
    if (kind === 'events') this.#rows += rows;
    const until = to === undefined ? 0n : microseconds(to);
    if (until > this.#until) this.#until = until;
  }

  /** How many rows of events may be missing. */
  get rows(): number {
    return this.#rows;
  }

  /** Whether a message of this time may have lost events, or its row. @param atUs microseconds since 1970; null: unknown */
  mayTouch(atUs: bigint | null): boolean {
    return this.#until > 0n && (atUs === null || atUs < this.#until);
  }
}
