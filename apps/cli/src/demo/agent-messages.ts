import { type OperationRequest, type PublicOperationName } from '@concordat/sdk';
import { type AnswerValue, type Thread } from './questions';

/** What the demo tells the process of an agent. */
export type AgentCommand =
  | {
      readonly kind: 'start';
      readonly urls: readonly string[];
      /** base64url; over this channel only, never in arguments or the environment */
      readonly secretKey: string;
    }
  /** Answer questions from now on. */
  | { readonly kind: 'answer' }
  /** Ask the librarian all questions. */
  | {
      readonly kind: 'ask';
      readonly librarian: string;
      readonly threads: readonly Thread[];
      /** Trace of the very first question. */
      readonly traceparent: string;
    }
  | {
      readonly kind: 'call';
      readonly number: number;
      readonly operation: PublicOperationName;
      readonly input: OperationRequest<PublicOperationName>;
      readonly traceparent: string;
    }
  /** Finish what was begun, and end. */
  | { readonly kind: 'stop' };

/** What the process of an agent tells the demo. Effects are told once each time they happen. */
export type AgentReport =
  | { readonly kind: 'started'; readonly did: string }
  | { readonly kind: 'called'; readonly number: number; readonly output: unknown }
  | {
      readonly kind: 'refused';
      readonly number: number;
      readonly code: string;
      readonly status: number;
      readonly detail: string;
    }
  | { readonly kind: 'failed'; readonly detail: string }
  /** Something that is tried again. */
  | { readonly kind: 'trouble'; readonly detail: string }
  | ConversationReport;

/** The steps of one question and its answer, as they happen. */
export type ConversationReport =
  | (Step & { readonly kind: 'asked'; readonly traceId: string | null })
  /** The librarian handled the question; `reply` is the id of the answer. */
  | (Step & { readonly kind: 'answered'; readonly reply: string | null; readonly attempt: number })
  | (Step & { readonly kind: 'heard'; readonly answer: AnswerValue; readonly attempt: number });

interface Step {
  /** Id of the message that was sent, or handled. */
  readonly id: string;
  readonly correlationId: string;
  readonly turn: number;
}
