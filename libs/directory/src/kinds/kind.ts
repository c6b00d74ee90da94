import type { DirectoryEntry, Position } from '@concordat/contracts';

/** An event of iam-service, from the event stream or from the control lane. */
export interface DirectoryEvent {
  readonly at: Position;
  readonly tenant: string;
  readonly type: string;
  readonly time: string;
  /** Who caused it; null on the control lane, which does not say. */
  readonly actor: string | null;
  readonly data: unknown;
}

/** What an event makes of one entry. */
export interface Change {
  readonly name: string;
  /** @param entry undefined when it is not known (any more) @returns undefined: there is no such entry (any more) */
  readonly apply: (entry: DirectoryEntry | undefined) => DirectoryEntry | undefined;
}

/** Per event type: what it changes. `E` is the union of the events of one kind of entry, so that none is forgotten. */
export type Changes<E extends { type: string; data: unknown }> = {
  readonly [T in E['type']]: (data: Extract<E, { type: T }>['data'], event: DirectoryEvent) => Change;
};

/** The entry that an event makes anew. */
export const made = (name: string, entry: DirectoryEntry): Change => ({ name, apply: () => entry });

/** The entry that an event takes away. */
export const removed = (name: string): Change => ({ name, apply: () => undefined });

/** What an event changes in an entry that is there. */
export const changed = <K extends DirectoryEntry['kind']>(
  name: string,
  over: Partial<Extract<DirectoryEntry, { kind: K }>>,
): Change => ({ name, apply: (entry) => entry && ({ ...entry, ...over } as DirectoryEntry) });
