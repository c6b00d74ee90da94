import type { CheckpointAnchor } from '../log/checkpoint-anchor';
import type { LogIdentity } from '../log/log-identity';
import type { EventSealer } from '../leaf/event-sealer';
import type { AuditStore } from '../store/audit-store';
import { checkCursors } from './cursor-check';
import { ClosedEvents } from './closed-events';
import { Dropped } from './dropped';
import { DroppedRecords } from './dropped-records';
import { Erased } from './erased';
import { EventCheck } from './event-check';
import { type DatabaseFault, Faults } from './fault';
import { LogCheck } from './log-check';
import { MessageCheck } from './message-check';
import type { StoredEvent } from './event-pages';
import { MessageFolds } from './message-folds';
import { ClosedRecords, RecordCheck } from './record-check';
import { RecordFolds } from './record-folds';
import type { EventText } from './opened-event';
import { takeSnapshot } from './snapshot';

export interface VerificationPorts {
  readonly store: AuditStore;
  readonly sealer: EventSealer;
  readonly identity: LogIdentity;
  readonly anchor: CheckpointAnchor;
}

export type Phase = 'log' | 'events' | 'records' | 'messages';

export interface VerificationProgress {
  readonly phase: Phase;
  /** Entries; in the last phases records, and messages. */
  readonly checked: number;
  /** Entries of the log. */
  readonly size: number;
}

export interface VerificationResult {
  /** How many entries the log had when the verification began; what came later was not looked at. */
  readonly size: number;
  readonly faultCount: number;
  /** The first bad entry first; at most a hundred. */
  readonly faults: readonly DatabaseFault[];
}

/**
 * Verifies everything that PostgreSQL holds of the trail against the signed log and the checkpoint outside of it. Reads in
 * small statements and holds no lock, so that ingest goes on meanwhile; memory does not grow with the log.
 * @throws SERVICE_UNAVAILABLE when the database goes away
 */
export async function verifyDatabase(
  ports: VerificationPorts,
  onProgress: (progress: VerificationProgress) => void = () => undefined,
): Promise<VerificationResult> {
  const { store, sealer, identity, anchor } = ports;
  const faults = new Faults();
  // Before the snapshot: what was signed by now must be in it.
  const anchored = await anchor.read();
  const snapshot = await takeSnapshot(store, identity.vkey, faults);
  const size = snapshot?.size ?? 0;
  const said = (phase: Phase) => (checked: number) => onProgress({ phase, checked, size });
  if (snapshot) {
    const last = await new LogCheck(
      { store, identity, anchored, faults, onProgress: said('log') },
      snapshot,
    ).run();
    checkCursors(snapshot, last, faults);
    const folds = new MessageFolds();
    const records = new RecordFolds();
    const dropped = new Dropped();
    const droppedRecords = new DroppedRecords();
    const erased = new Erased(store);
    await erased.read();
    const closed = new ClosedEvents();
    const closedRecords = new ClosedRecords();
    const onClosed = (row: StoredEvent): void => {
      closed.note(row);
      closedRecords.note(row);
    };
    const onEvent = (event: EventText): void => {
      folds.add(event);
      records.add(event);
      dropped.note(event);
      droppedRecords.note(event);
    };
    const events = { store, sealer, dropped, erased, faults, onClosed, onProgress: said('events'), onEvent };
    await new EventCheck(events, snapshot).run();
    const ofRecords = {
      ...{ store, sealer, dropped: droppedRecords, faults },
      onProgress: said('records'),
    };
    await new RecordCheck(ofRecords, snapshot, closedRecords).run(records);
    const messages = { store, sealer, faults, erased, closed, dropped, onProgress: said('messages') };
    await new MessageCheck(messages, snapshot).run(folds);
  }
  return { size, faultCount: faults.count, faults: faults.list };
}
