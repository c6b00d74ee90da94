import type { z } from 'zod';
import type { Service } from '../names';

/** A key of the keystore as a path: each part is wrapped by the key before it, the first by the root key. */
export type KeyPath = readonly [string, ...string[]];

/**
 * An event type: its name and its schema in one object.
 * Names read `concordat.<service>.<noun>.<past-verb>.v<n>`.
 */
export interface EventSpec<D extends z.ZodObject = z.ZodObject> {
  readonly type: `concordat.${Service}.${string}.v${number}`;
  readonly summary: string;
  readonly data: D;
  /**
   * Personal fields. The codec encrypts them under the key at `keyPath` before they are stored or published, so
   * that destroying the key erases them everywhere at once.
   */
  readonly sealed?: {
    readonly fields: readonly (keyof z.output<D> & string)[];
    keyPath(data: z.output<D>): KeyPath;
  };
  /** The key that the event orders destroyed: what is sealed under it is erased. */
  destroys?(data: z.output<D>): KeyPath;
  /** Fields that never leave the store of the service: the published event carries their SHA-256 instead. */
  readonly local?: readonly (keyof z.output<D> & string)[];
  /** Takes something away, or may: travels on the control lane too, ahead of everything else (rule 13). */
  readonly control?: true;
  /** What the event is about (CloudEvents `subject`), the subject whose erasure concerns it. */
  subject(data: z.output<D>): string;
}

export const event = <D extends z.ZodObject, const T extends EventSpec['type']>(
  spec: EventSpec<D> & { readonly type: T },
): EventSpec<D> & { readonly type: T } => Object.freeze(spec);

/** The event as deciders see it: type and opened data. */
export type EventOf<S> = S extends { type: infer T; data: infer D extends z.ZodType }
  ? { readonly type: T; readonly data: z.output<D> }
  : never;
