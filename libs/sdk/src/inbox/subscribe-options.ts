import type { ReceivedMessage } from './received-message';

/**
 * Handles one message, which is acknowledged when it resolves. When it rejects, the message is given back with that as the
 * reason, which the audit trail and dead letters show: it comes again after a pause that grows with its attempts, and
 * after the last one has failed.
 */
export type MessageHandler = (message: ReceivedMessage) => Promise<unknown> | unknown;

export interface SubscribeOptions {
  /** Messages handled at the same time; default 1: one after the other, in the order of the inbox. */
  readonly concurrency?: number;
  /**
   * How long a message is kept from being delivered again when this process dies, seconds; default 30. While its handler
   * runs the lease is extended.
   */
  readonly leaseSeconds?: number;
  /**
   * The lease is extended for no longer than this, seconds; default 600. A handler that takes longer sees its message
   * delivered again meanwhile, which counts as another attempt.
   */
  readonly holdSeconds?: number;
  /** How long one question to an empty inbox waits, seconds; default 20. */
  readonly waitSeconds?: number;
  /** Stops like `stop`. */
  readonly signal?: AbortSignal;
  /**
   * Hears of what failed: with a message when its handler did, without when the inbox was not to be reached. Default: a
   * warning of the process.
   */
  readonly onError?: (error: unknown, message?: ReceivedMessage) => void;
}

export function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error), 'ConcordatWarning');
}
