import type { OperationSpec, Positions, Principal } from '@concordat/contracts';
import type { PresentedProof } from './dpop-proof';

/** A request at one of the doors, whatever its wire format. */
export interface EdgeRequest extends Credentials {
  readonly operation: OperationSpec;
  /**
   * What is asked. A function reads it, and is called when who asks may ask at all: what it costs to unpack and to parse
   * is not paid for strangers.
   */
  readonly input: unknown;
  /** The connection that it came over, if that was let in before: its caller is looked up anew. */
  readonly connection?: EdgeConnection | undefined;
  readonly idempotencyKey: string | undefined;
  /** `Concordat-Min-Position` */
  readonly minPosition: string | undefined;
  /** Correlation id of the caller's conversation. */
  readonly conversation: string | undefined;
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
}

/** What a caller proves itself with. */
export interface Credentials {
  readonly authorization: string | undefined;
  /** A proof of the key of the token, if any. */
  readonly proof?: PresentedProof | undefined;
  /** IP address of the caller. */
  readonly address: string | null;
}

/** One of several things that a request asks. */
export interface EdgeItem extends Pick<EdgeRequest, 'input' | 'idempotencyKey'> {
  /** Items of one lane are carried out one after the other. */
  readonly lane: string;
}

export interface EdgeAnswer {
  readonly output: unknown;
  readonly positions: Positions;
}

/** A stream that was let in: nothing is handed out that its caller may not have at that moment. */
export interface EdgeStream {
  /** What was asked, as its schema has parsed it. */
  readonly input: unknown;
  /** Throws what ends the stream. Once only. */
  readonly items: AsyncIterable<unknown>;
  /** The caller is ready for so many more. */
  grant(credits: number): void;
}

/** A connection for many requests. */
export interface EdgeConnection {
  /** @returns whom it speaks for now @throws ConcordatError when nobody any more */
  readonly caller: () => Principal;
  /** Aborted when it must end; the reason says why. */
  readonly signal: AbortSignal;
  /** It has ended. */
  close(): void;
}
