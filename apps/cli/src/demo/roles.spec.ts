import { type Concordat, type MessageHandler, type ReceivedMessage } from '@concordat/sdk';
import { type AgentReport } from './agent-messages';
import { type AnsweredPayload, expectedAnswers, planThreads } from './questions';
import { librarian, researcher } from './roles';

const threads = planThreads('x', 24);
let reports: AgentReport[];
let sent: { input: { payload: unknown; correlationId: string }; options: { idempotencyKey: string } }[];
let handle: MessageHandler;
let failSend: boolean;
beforeEach(() => {
  reports = [];
  sent = [];
  failSend = false;
});

/** As much of a client as the roles use. */
const client = {
  inbox: { subscribe: (handler: MessageHandler) => void (handle = handler) },
  callWithMeta: async (_operation: string, input: never, options: never) => {
    if (failSend) throw new Error('no way');
    sent.push({ input, options });
    return { output: { id: `q-${sent.length}` }, traceId: 'trace' };
  },
} as unknown as Concordat;
const report = (message: AgentReport): void => void reports.push(message);
const idle = (): Promise<void> => new Promise(setImmediate);

const message = (id: string, payload: object, reply?: ReceivedMessage['reply']): ReceivedMessage =>
  ({ id, attempt: 1, correlationId: threads[0]!.correlationId, payload, reply }) as ReceivedMessage;

describe('the librarian', () => {
  it('does not count a question again that it answers again', async () => {
    librarian(client, report);
    const [first, second] = threads[0]!.questions.map((question, turn) => ({ turn, question }));
    const replies: unknown[] = [];
    const reply = async (payload: unknown) => (replies.push(payload), { id: `a-${replies.length}` }) as never;
    const broken = (): Promise<never> => Promise.reject(new Error('lost'));
    await expect(handle(message('q1', first!, broken))).rejects.toThrow('lost');
    expect(reports).toEqual([]);
    await handle(message('q1', first!, reply));
    await handle(message('q2', second!, reply));
    expect(replies).toEqual(
      expectedAnswers(threads[0]!)
        .map((answer, turn) => ({ turn, answer }))
        .slice(0, 2),
    );
    expect(reports).toMatchObject([
      { kind: 'answered', id: 'q1', reply: 'a-1', turn: 0 },
      { kind: 'answered', id: 'q2', reply: 'a-2', turn: 1 },
    ]);
  });
});

describe('the researcher', () => {
  const ask = { kind: 'ask', librarian: 'did:ben', threads, traceparent: 'tp' } as const;
  const answer = (turn: number): AnsweredPayload => ({ turn, answer: 1 });

  it('asks the first question of every thread, each under a name of its own, the very first in the trace', async () => {
    researcher(client, report, ask);
    await idle();
    expect(sent).toHaveLength(threads.length);
    expect(sent[0]!.options).toEqual({ idempotencyKey: 'demo-x-0-0', traceparent: 'tp' });
    expect(sent[1]!.options).toEqual({ idempotencyKey: 'demo-x-1-0' });
    expect(reports[0]).toMatchObject({
      kind: 'asked',
      id: 'q-1',
      correlationId: 'demo-x-0',
      turn: 0,
      traceId: 'trace',
    });
  });

  it('asks the next question when it hears the answer, up to the last', async () => {
    researcher(client, report, ask);
    await idle();
    sent.length = 0;
    await handle(message('a1', answer(0)));
    await idle();
    expect(sent).toMatchObject([{ input: { correlationId: 'demo-x-0', payload: { turn: 1 } } }]);
    await handle(message('a2', answer(threads[0]!.questions.length - 1)));
    await idle();
    expect(sent).toHaveLength(1);
    expect(reports.filter(({ kind }) => kind === 'heard')).toMatchObject([{ id: 'a1' }, { id: 'a2' }]);
  });

  it('says when a question cannot be asked', async () => {
    failSend = true;
    researcher(client, report, { ...ask, threads: threads.slice(0, 1) });
    await idle();
    expect(reports).toEqual([{ kind: 'failed', detail: 'no way' }]);
  });
});
