import {
  type EventEnvelope,
  type EventSpec,
  type Position,
  eventId,
  findEvent,
  sourceUri,
} from '@concordat/contracts';
import { fromBase64url, toBase64url } from '@concordat/crypto';
import type { SqlStatement } from '@concordat/sqlite';
import { wireData } from './codec';

/** An event as it is kept: sealed fields encrypted. */
export interface StoredEvent {
  readonly at: Position;
  readonly prev: Position;
  readonly tenant: string;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly actor: string;
  readonly correlation: string | null;
  readonly traceparent: string | null;
  /** JSON text */
  readonly data: string;
  readonly prevHash: Uint8Array;
  /** chainHash over the published form of this event and all before it */
  readonly hash: Uint8Array;
}

export interface NewEvent {
  readonly type: string;
  readonly subject: string;
  /** JSON text with sealed fields encrypted */
  readonly data: string;
}

/** Remembered with the events of a command: enough to tell a repetition, nothing of its content. */
export interface CommandMemo {
  readonly id: string;
  /** Keyed hash of the request, to tell a repetition from another request under the same id. */
  readonly digest: Uint8Array;
}

export interface AppendRequest {
  readonly tenant: string;
  readonly stream: string;
  /** Version of the last event of the stream; 0 when there is none. */
  readonly expectedVersion: number;
  /** None for a command that changes nothing: only its memo is kept. */
  readonly events: readonly NewEvent[];
  readonly time: string;
  readonly actor: string;
  readonly correlation: string | null;
  readonly traceparent: string | null;
  readonly command: CommandMemo | null;
  /** Inline projections: run in the same transaction, after the events. Stores without SQL ignore them. */
  readonly effects: readonly SqlStatement[];
}

export interface Head {
  readonly at: Position;
  readonly hash: Uint8Array;
}

export interface RememberedCommand {
  readonly digest: Uint8Array;
  readonly stream: string;
  /** Version of the stream after the command. */
  readonly version: number;
  readonly at: Position;
}

/** Somebody else appended to the stream since it was read: read it again and decide again. */
export class VersionConflictError extends Error {
  override readonly name = 'VersionConflictError';
}

/** The command was appended before, perhaps a moment ago by a concurrent repetition. */
export class DuplicateCommandError extends Error {
  override readonly name = 'DuplicateCommandError';
}

/**
 * The history of one service. Positions rise by order of commit; events of a stream have versions 1, 2, 3, … without
 * gaps. When `append` resolves, its events, its effects and its memo survive a power cut, all or none of them.
 */
export interface EventStore {
  /** `iam`, `vault`: becomes part of every event id. */
  readonly source: string;
  /** The epoch under which new events are written: minted at creation and at every restore. */
  readonly epoch: number;
  /** @throws VersionConflictError, DuplicateCommandError; OVERLOADED when the write queue is full */
  append(request: AppendRequest): Promise<Head>;
  /** Events of a stream in order of version, those above `afterVersion`. */
  readStream(tenant: string, stream: string, afterVersion?: number): Promise<StoredEvent[]>;
  /** Events above a position, in order: at most `limit`, and no more once their data has some `maxBytes` (4 MiB). */
  readAfter(position: number, limit: number, maxBytes?: number): Promise<StoredEvent[]>;
  eventAt(position: number): Promise<StoredEvent | undefined>;
  findCommand(tenant: string, id: string): Promise<RememberedCommand | undefined>;
  /** Forgets commands that were appended before (milliseconds since 1970). @returns how many */
  forgetCommands(beforeMs: number): Promise<number>;
  /**
   * Takes what projections have overwritten out of the files too, so that erased data is in none of them.
   * @throws Error when that cannot be done now
   */
  purge(): Promise<void>;
  head(): Promise<Head>;
  /** Calls back after every append. @returns a function that ends it */
  onAppended(listener: () => void): () => void;
  close(): Promise<void>;
}

/** The published form of a stored event, as it goes to the stream of the service. */
export function toEnvelope(source: string, stored: StoredEvent): EventEnvelope {
  const { prevHash, hash, data, ...rest } = stored;
  return {
    ...rest,
    id: eventId(source, stored.at),
    source: sourceUri(source),
    data: wireData(specOf(stored.type), data),
    prevHash: toBase64url(prevHash),
    hash: toBase64url(hash),
    signatures: [],
  };
}

/** A published event as it is kept by a store that takes it back; its local fields are only hashes. */
export function fromEnvelope({ prevHash, hash, ...entry }: EventEnvelope): StoredEvent {
  const bytes = (text: string | null): Uint8Array => fromBase64url(text ?? '') ?? new Uint8Array();
  const { at, prev, tenant, stream, version, type, subject, time, actor, correlation, traceparent, data } =
    entry;
  return {
    ...{ at, prev, tenant, stream, version, type, subject, time, actor, correlation, traceparent, data },
    prevHash: bytes(prevHash),
    hash: bytes(hash),
  };
}

/** @throws Error for a type that is not in the catalogue: the store was written by a newer version */
export function specOf(type: string): EventSpec {
  const spec = findEvent(type);
  if (!spec)
    throw new Error(
      `the event type ${type} is not in the catalogue; was the store written by a newer version?`,
    );
  return spec;
}
