import type { Logger } from '@concordat/runtime';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { AuditStore } from '../store/audit-store';
import { queryRows } from '../store/bulk';
import { narrowerThan, nextWider, bucketOf, rangeOf, type Width, widths } from './level';
import {
  dueBlocks,
  fullBlocks,
  type Patience,
  setMarks,
  takeMarks,
  takeSums,
  type TenantBlock,
} from './marks';
import { coverOf, storeSummary } from './summary';

const periodMs = 1_000;
/** Buckets in one transaction: most minutes are only counted. */
const batches: Readonly<Record<Width, number>> = { 1: 500, 60: 20, 1_440: 5 };
/** A minute with fewer messages is not worth its rows: reading the messages is as fast. */
const fewestInMinute = 250;

/** A bucket is summed up when its messages have come to rest, or now and then while they do not. */
const patience: Readonly<Record<Width, Patience>> = {
  1: { quietMs: 5_000, longestMs: 60_000 },
  60: { quietMs: 30_000, longestMs: 600_000 },
  1_440: { quietMs: 300_000, longestMs: 3_600_000 },
};

/** Of the advisory locks of PostgreSQL: one process sums up at a time. */
const lockKey = 0x0006_5354;

export interface FoldOptions {
  readonly patience?: Readonly<Record<Width, Patience>>;
  readonly fewestInMinute?: number;
}

/**
 * Sums up marked buckets, the narrow ones first: minutes from their messages, hours and days from what is narrower. Every
 * sum is made anew, so that doing it again changes nothing. Marks and sums of a bucket change in one transaction: marks are
 * taken first, and what is read after that holds all that they were set for. What comes in between sets another one.
 */
export class FoldJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(
    private readonly store: AuditStore,
    private readonly logger: Pick<Logger, 'debug'>,
    private readonly options: FoldOptions = {},
  ) {}

  onApplicationBootstrap(): void {
    this.#schedule();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Sums up all that is due. @returns how many buckets */
  async fold(): Promise<number> {
    let count = 0;
    for (const width of widths.toReversed()) {
      const { [width]: due } = this.options.patience ?? patience;
      const blocks = () => this.store.snapshot((em) => dueBlocks(em, width, due, batches[width]));
      for (let next = await blocks(); next.length > 0 && !this.#isStopped; next = await blocks()) {
        if (!(await this.#foldBlocks(next))) return count;
        count += next.length;
      }
    }
    return count;
  }

  /** @returns false when another process is at it */
  #foldBlocks(blocks: readonly TenantBlock[]): Promise<boolean> {
    return this.store.work(async (em) => {
      // Before anything is read: each statement sees what was committed before it.
      if (!(await isFirst(em))) return false;
      await takeMarks(em, blocks);
      await takeSums(em, blocks);
      for (const block of await this.#worthwhile(em, blocks)) {
        const cover = await coverOf(em, block.tenant, rangeOf(block), narrowerThan(block.width));
        await storeSummary(em, block, cover);
      }
      await setMarks(em, blocks.flatMap(parentOf));
      return true;
    });
  }

  #worthwhile(em: EntityManager, blocks: readonly TenantBlock[]): Promise<readonly TenantBlock[]> {
    if (blocks[0]?.width !== 1) return Promise.resolve(blocks);
    return fullBlocks(em, blocks, this.options.fewestInMinute ?? fewestInMinute);
  }

  #schedule(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#running = this.fold()
        .then(() => undefined)
        .catch((error: unknown) => this.logger.debug({ error }, 'messages were not summed up'))
        .finally(() => this.#schedule());
    }, periodMs);
  }
}

/** The next wider bucket, which has to be summed up anew as well. */
function parentOf({ tenant, width, bucket }: TenantBlock): TenantBlock[] {
  const wider = nextWider(width);
  return wider === undefined ? [] : [{ tenant, width: wider, bucket: bucketOf(wider, bucket) }];
}

async function isFirst(em: EntityManager): Promise<boolean> {
  const [row] = await queryRows<{ held: boolean }>(em, 'SELECT pg_try_advisory_xact_lock(?) AS held', [
    lockKey,
  ]);
  return row!.held;
}
