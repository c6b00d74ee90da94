import { describeEventLog } from './event-log.conformance';
import { MemoryEventLog } from './memory-event-log';

const log = new MemoryEventLog();
describeEventLog('in memory', () => log);
