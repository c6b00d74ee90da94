import { describeEventStore } from './event-store.conformance';
import { MemoryEventStore } from './memory-event-store';

describeEventStore('in memory', () => ({
  store: new MemoryEventStore('iam', 1_700_000_000_000),
  cleanUp: async () => {},
}));
