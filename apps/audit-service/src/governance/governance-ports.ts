import type { Clock, Logger } from '@concordat/runtime';
import type { EventSealer } from '../leaf/event-sealer';
import type { OwnEvents } from '../own-event/own-events';
import type { Trail } from '../trail/trail';
import type { RecordQueries } from './record-queries';

/** What the operations on records of governance need. */
export interface GovernancePorts {
  readonly queries: RecordQueries;
  readonly ownEvents: OwnEvents;
  readonly sealer: Pick<EventSealer, 'keyOf' | 'find'>;
  readonly trail: Trail;
  readonly clock: Clock;
  readonly logger: Logger;
}
