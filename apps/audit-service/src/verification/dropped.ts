import { HeldRowsDropped, PartitionDropped, sourceUri } from '@concordat/contracts';
import { aheadMs } from '../retention/layout';
import type { DataKind } from '../retention/retention-rows';
import { microseconds } from './event-pages';
import type { ToldEvent } from './later-events';

/** A stranger may put whatever he likes into a feed. */
const authority = sourceUri('audit');
export const dropTypes: readonly string[] = [PartitionDropped.type, HeldRowsDropped.type];
/** So much later than it is logged an event may say that it happened. */
const aheadUs = BigInt(aheadMs) * 1_000n;

/**
 * What retention has dropped, as the log says. Rows of events that are gone by right are counted: a leaf does not tell whose
 * it is, but when its event happened. Messages are judged whole when all that tells of them came after the last period that
 * their tenant has lost.
 */
export class Dropped {
  #rows = 0;
  /** Where the last period ends that was dropped, by tenant and kind; microseconds since 1970. */
  readonly #until = new Map<string, bigint>();
  /** Of events of anybody. */
  #eventsUntil = 0n;

  /** @param event as it was logged */
  note({ type, source, tenant, data }: Pick<ToldEvent, 'type' | 'source' | 'tenant' | 'data'>): void {
    if (source !== authority || !dropTypes.includes(type)) return;
    const { kind, rows, to } = JSON.parse(data) as { kind: DataKind; rows: number; to?: string };
    if (kind === 'events') this.#rows += rows;
    // What only a hold had kept is of a period that was dropped before.
    if (to === undefined) return;
    const until = microseconds(to);
    const name = `${tenant} ${kind}`;
    if (until > (this.#until.get(name) ?? 0n)) this.#until.set(name, until);
    if (kind === 'events' && until > this.#eventsUntil) this.#eventsUntil = until;
  }

  /** How many rows of events may be missing. */
  get rows(): number {
    return this.#rows;
  }

  /** Whether the row of an event of this time may be one of them. @param time RFC 3339, as its leaf says; null: it says none */
  mayLack(time: string | null): boolean {
    return time === null || microseconds(time) < this.#eventsUntil + aheadUs;
  }

  /**
   * Whether a message of this time may have lost its row, or events that tell of it.
   * @param atUs microseconds since 1970; null: unknown
   */
  mayTouch(tenant: string, kind: DataKind, atUs: bigint | null): boolean {
    const until = this.#until.get(`${tenant} ${kind}`);
    return until !== undefined && (atUs === null || atUs < until);
  }
}
