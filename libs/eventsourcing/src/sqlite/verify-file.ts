import { statSync } from 'node:fs';
import { comparePositions, formatPosition } from '@concordat/contracts';
import { equalConstantTime } from '@concordat/crypto';
import { type Connection, openDatabase } from '@concordat/sqlite';
import { toEnvelope } from '../event-store';
import { ChainWalk } from './chain-walk';
import { EventReader } from './event-reader';
import { anchorFile, readAnchor } from './head-anchor';
import { storeRegressed } from './store-damage';

/** What is looked at before a store is opened, so that a start takes no longer with a larger one. */
export const openLimits = Object.freeze({
  /** Newest events whose chain is followed. */
  tailEvents: 1_000,
  /** Files up to this size have all of their pages checked; of larger ones `verify` checks them (175 MB: 0.3 s). */
  quickCheckBytes: 268_435_456,
});

const batch = 500;

/**
 * Refuses a store that is torn, truncated or rolled back, as far as its own folder tells. What the folder cannot tell is
 * found when the store is compared with its stream.
 * @throws ConcordatError STORE_REGRESSED with what is missing and what to do
 */
export function verifyAtOpen(file: string, source: string): void {
  const bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const anchor = readAnchor(file);
  if (bytes === 0) {
    if (!anchor) return;
    const last = formatPosition(anchor.at);
    throw storeRegressed(
      source,
      `${file} is missing or empty; ${anchorFile(file)} says that it held the events up to ${last}.`,
    );
  }
  const problem = problemOf(file, (db) => {
    if (!hasHistory(db)) return anchor ? 'it has no events' : undefined;
    const isChecked = bytes <= openLimits.quickCheckBytes;
    const pages = sizeProblem(db, file, bytes) ?? (isChecked ? pageProblem(db, 'quick_check') : undefined);
    return pages ?? historyProblem(db, source);
  });
  if (problem) throw storeRegressed(source, `${file} is damaged: ${problem}.`);
  const loss = problemOf(file, (db) => (anchor && hasHistory(db) ? lossSince(db, anchor) : undefined));
  if (loss) throw storeRegressed(source, `${file} ${loss}.`);
}

export interface StoreReport {
  readonly events: number;
  /** <epoch>-<position> */
  readonly head: string;
  /** What is wrong; empty for a whole store. */
  readonly problems: readonly string[];
}

/** Checks everything that the folder of a store can tell; the service may be running. Takes a while for a large one. */
export function verifyStore(
  file: string,
  source: string,
  onProgress: (what: string) => void = () => undefined,
): StoreReport {
  const anchor = readAnchor(file);
  let events = 0;
  let head = '0-0';
  const check = (ask: (db: Connection) => string | undefined) => problemOf(file, ask);
  const problems = [
    check((db) => {
      onProgress('checking pages and indexes');
      return pageProblem(db, 'integrity_check');
    }),
    check((db) => {
      // One moment: a service may append meanwhile.
      db.exec('BEGIN');
      const reader = new EventReader(db);
      events = reader.count();
      const named = reader.storedHead();
      if (named) head = formatPosition(named.at);
      return chainProblem(db, source, 0, (position) =>
        onProgress(`following the chain: ${position} of ${events}`),
      );
    }),
    check((db) => (anchor && hasHistory(db) ? lossSince(db, anchor) : undefined)),
  ];
  return { events, head, problems: [...new Set(problems.filter((problem) => problem !== undefined))] };
}

/** @returns what is wrong, also when the file cannot be read */
function problemOf(file: string, check: (db: Connection) => string | undefined): string | undefined {
  let db: Connection | undefined;
  try {
    db = openDatabase(file, { readonly: true });
    return check(db);
  } catch (error) {
    return (error as Error).message;
  } finally {
    db?.close();
  }
}

/**
 * A file that is shorter than it says. Not with a log beside it: a crash may have come before the log was moved. Asked of
 * SQLite and not of the file: to close it would take away the locks of other connections of this process.
 */
function sizeProblem(db: Connection, file: string, bytes: number): string | undefined {
  if ((statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) return undefined;
  const [pages, pageBytes] = ['page_count', 'page_size'].map((name) =>
    Number(db.pragma(name, { simple: true })),
  );
  const expected = pages! * pageBytes!;
  return bytes < expected ? `it has ${bytes} bytes of ${expected}` : undefined;
}

const hasHistory = (db: Connection): boolean =>
  db.prepare("SELECT count(*) FROM sqlite_schema WHERE name IN ('events', 'store')").pluck().get() === 2;

/** @param check quick_check leaves out whether the indexes match their tables */
export function pageProblem(db: Connection, check: 'quick_check' | 'integrity_check'): string | undefined {
  const first = String(db.pragma(`${check}(1)`, { simple: true }));
  return first === 'ok' ? undefined : first.replaceAll('\n', ' ');
}

/** Follows the chain of the newest events to the head that the store names. */
function historyProblem(db: Connection, source: string): string | undefined {
  const reader = new EventReader(db);
  const head = reader.storedHead();
  if (!head) return 'it names no head';
  return chainProblem(db, source, Math.max(0, head.at.position - openLimits.tailEvents));
}

/**
 * Follows the chain of the events above a position to the head that the store names.
 * @param onProgress told how far it is
 */
export function chainProblem(
  db: Connection,
  source: string,
  from: number,
  onProgress: (position: number) => void = () => undefined,
): string | undefined {
  const reader = new EventReader(db);
  const named = reader.storedHead();
  if (!named) return 'it names no head';
  const start = reader.headAt(from);
  if (!start) return `event ${from} is missing`;
  const walk = new ChainWalk(start);
  let last = start;
  for (;;) {
    const events = reader.after(last.at.position, batch, Number.MAX_SAFE_INTEGER);
    for (const event of events) {
      const problem = walk.next(toEnvelope(source, event));
      if (problem) return problem;
      last = event;
    }
    onProgress(last.at.position);
    if (events.length < batch) break;
  }
  const isHead = comparePositions(last.at, named.at) === 0 && equalConstantTime(last.hash, named.hash);
  return isHead
    ? undefined
    : `its events end at ${formatPosition(last.at)}, its head is ${formatPosition(named.at)}`;
}

/** @returns what the anchor says was there and is not; a store that began a later epoch was restored on purpose */
function lossSince(db: Connection, anchor: { at: { epoch: number; position: number }; hash: Uint8Array }) {
  const reader = new EventReader(db);
  if (reader.epoch() > anchor.at.epoch) return undefined;
  const there = reader.headAt(anchor.at.position);
  const isThere =
    there && comparePositions(there.at, anchor.at) === 0 && equalConstantTime(there.hash, anchor.hash);
  if (isThere) return undefined;
  const last = reader.storedHead()?.at ?? { epoch: 0, position: 0 };
  const missing =
    last.position < anchor.at.position
      ? `the events from ${last.position + 1} to ${anchor.at.position} are missing`
      : `event ${anchor.at.position} is another one`;
  return (
    `was rolled back: it ends at ${formatPosition(last)}, and it held ${formatPosition(anchor.at)}; ` +
    `${missing} (epoch ${anchor.at.epoch})`
  );
}
