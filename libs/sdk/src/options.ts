import type { AgentCredential } from './credential/agent-key';
import type { UserCredential } from './credential/user-session';
import type { Random } from './call/backoff';
import type { Clock } from './clock';
import type { ConcordatProblem } from './problem';

/**
 * Who calls: a service by its API key, an agent by its secret key, a user by address and password, or anybody by an access
 * token that he got before: it is used until it ends.
 */
export type Credential =
  { readonly apiKey: string } | { readonly accessToken: string } | AgentCredential | UserCredential;

export interface Timeouts {
  /** One attempt may take this long, besides the `waitSeconds` of its input; default 10,000. */
  readonly attemptMs?: number;
  /** All attempts of a call together may take this long; default 30,000. */
  readonly totalMs?: number;
}

export interface ConcordatOptions {
  /** A gateway, or several: the next one is used after one fails. */
  readonly url: string | readonly string[];
  /** Left out, only what anybody may call can be called. */
  readonly credential?: Credential;
  readonly timeouts?: Timeouts;
  /** Largest answer that is read, in bytes; default: the largest inbox that one fetch can return. */
  readonly limits?: { readonly answerBytes?: number };
  /** Remember positions and ask every gateway for at least that state; default true. */
  readonly readYourWrites?: boolean;
  /** Hears of every failure that is tried again, with the name of the operation: for logs and counters. */
  readonly onRetry?: (problem: ConcordatProblem, operation: string) => void;
  readonly fetch?: typeof globalThis.fetch;
  readonly clock?: Clock;
  readonly random?: Random;
}
