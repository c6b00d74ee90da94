import { ConcordatError } from '@concordat/contracts';
import type { OperationGuard } from '@concordat/service';
import type { Covered } from '../log/covered';
import type { IngestConsumer } from './ingest.consumer';

/** Longest time a reader waits for the log to come up to what it has seen elsewhere. */
const waitMs = 1_500;

/**
 * Read your writes: an answer is given when the log covers the positions that the caller names, with a signature.
 * Throws SERVICE_UNAVAILABLE and STORE_REGRESSED when there is no log to read, POSITION_NOT_REACHED when it is behind.
 */
export const minPositionGuard =
  (ingest: Pick<IngestConsumer, 'whenStarted'>, covered: Covered): OperationGuard =>
  async ({ minPosition }) => {
    await ingest.whenStarted(waitMs);
    if (!(await covered.until(minPosition, waitMs))) throw new ConcordatError('POSITION_NOT_REACHED');
  };
