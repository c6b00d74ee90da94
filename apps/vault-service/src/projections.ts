import { ConsentGranted, ConsentWithdrawn, MemoryDeleted, MemoryWritten } from '@concordat/contracts';
import { combineProjections } from '@concordat/eventsourcing';
import { consentProjection } from './consent/consent.projection';
import { memoryProjection } from './memory/memory.projection';

/** What each event of vault does to its tables, for rebuilding them. A rebuild stops at an event that is not here. */
export const vaultProjections = combineProjections(
  [[MemoryWritten, MemoryDeleted], memoryProjection],
  [[ConsentGranted, ConsentWithdrawn], consentProjection],
);
