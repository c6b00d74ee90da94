import { type Concordat, type ReceivedMessage, type Subscription } from '@concordat/sdk';
import { type AgentCommand, type AgentReport } from './agent-messages';
import { type AnsweredPayload, type AnswerValue, type AskedPayload, Library, type Thread } from './questions';

type Report = (report: AgentReport) => void;
type Asking = Extract<AgentCommand, { kind: 'ask' }>;

/**
 * Short, so that a message whose delivery was lost with a killed gateway comes again soon; long enough for a reply that
 * must wait for a service to come back.
 */
const inbox = { concurrency: 8, leaseSeconds: 10, waitSeconds: 5 };

const subscribe = (
  client: Concordat,
  report: Report,
  handler: (message: ReceivedMessage) => Promise<void>,
): Subscription =>
  client.inbox.subscribe(handler, {
    ...inbox,
    onError: (error) =>
      report({ kind: 'trouble', detail: error instanceof Error ? error.message : String(error) }),
  });

/** Answers every question. */
export function librarian(client: Concordat, report: Report): Subscription {
  const library = new Library();
  // An answer may be a step of a count: given again after a failed reply, it must not be counted again.
  const answers = new Map<string, AnswerValue>();
  return subscribe(client, report, async (message) => {
    const { id, attempt } = message;
    const correlationId = message.correlationId ?? '';
    const { turn, question } = message.payload as unknown as AskedPayload;
    const answer = answers.get(id) ?? library.answer(correlationId, question);
    answers.set(id, answer);
    const reply = await message.reply({ turn, answer } satisfies AnsweredPayload);
    report({ kind: 'answered', id, correlationId, turn, reply: reply?.id ?? null, attempt });
  });
}

/** Asks the questions of every thread: the next one when the one before is answered. */
export function researcher(client: Concordat, report: Report, asking: Asking): Subscription {
  const { librarian: to, threads, traceparent } = asking;
  const threadOf = new Map(threads.map((thread) => [thread.correlationId, thread]));

  const ask = async (thread: Thread, turn: number): Promise<void> => {
    const { correlationId, questions } = thread;
    const question = questions[turn];
    if (question === undefined) return;
    const payload = { turn, question } satisfies AskedPayload;
    const isFirst = thread === threads[0] && turn === 0;
    const sent = await client.callWithMeta(
      'message.send',
      { to, type: 'QUERY', payload, correlationId },
      // Named by what it says: should this run twice, the question is still asked once.
      { idempotencyKey: `${correlationId}-${turn}`, ...(isFirst ? { traceparent } : {}) },
    );
    report({ kind: 'asked', id: sent.output.id, correlationId, turn, traceId: sent.traceId });
  };
  const begin = (thread: Thread, turn: number): void => {
    ask(thread, turn).catch((error: Error) => report({ kind: 'failed', detail: error.message }));
  };

  const subscription = subscribe(client, report, async ({ id, correlationId, payload, attempt }) => {
    const { turn, answer } = payload as unknown as AnsweredPayload;
    report({ kind: 'heard', id, correlationId: correlationId ?? '', turn, answer, attempt });
    const thread = threadOf.get(correlationId ?? '');
    // Not awaited: the answer is heard, whatever becomes of the next question.
    if (thread) begin(thread, turn + 1);
  });
  for (const thread of threads) begin(thread, 0);
  return subscription;
}
