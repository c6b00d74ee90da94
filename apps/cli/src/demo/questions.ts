/** A question whose answer anybody can check. `count` depends on all questions of its thread before it. */
export type Question =
  | { readonly kind: 'add'; readonly a: number; readonly b: number }
  | { readonly kind: 'multiply'; readonly a: number; readonly b: number }
  | { readonly kind: 'letters'; readonly word: string }
  | { readonly kind: 'backwards'; readonly word: string }
  | { readonly kind: 'count'; readonly by: number };

export type AnswerValue = number | string;

/** One conversation: a question after every answer, under one correlation id. */
export interface Thread {
  readonly correlationId: string;
  readonly questions: readonly Question[];
}

/** What a question message holds. */
export interface AskedPayload {
  /** 0 for the first question of the thread */
  readonly turn: number;
  readonly question: Question;
}

/** What an answer message holds. */
export interface AnsweredPayload {
  readonly turn: number;
  readonly answer: AnswerValue;
}

const words = ['covenant', 'ledger', 'lantern', 'archive', 'harbour', 'sextant', 'meridian', 'quill'];
/** Conversations that go on side by side. */
const threads = 6;

/** The n-th question of a conversation about a subject. */
function questionOf(subject: number, turn: number): Question {
  const word = words[(subject + turn) % words.length]!;
  const kinds: readonly Question[] = [
    { kind: 'count', by: turn + 1 },
    { kind: 'add', a: turn, b: subject * 100 },
    { kind: 'letters', word },
    { kind: 'multiply', a: turn + 2, b: subject + 3 },
    { kind: 'backwards', word: `${word}${turn}` },
    { kind: 'count', by: 10 },
  ];
  return kinds[subject % kinds.length]!;
}

/**
 * @param run tells this demo from others
 * @param messages questions and answers together
 */
export function planThreads(run: string, messages: number): Thread[] {
  const questions = Math.ceil(messages / 2);
  return Array.from({ length: threads }, (_, subject) => ({
    correlationId: `demo-${run}-${subject}`,
    questions: Array.from({ length: Math.ceil((questions - subject) / threads) }, (_question, turn) =>
      questionOf(subject, turn),
    ),
  }));
}

/** What the librarian knows: one running count per conversation, so that a question lost or heard twice would show. */
export class Library {
  readonly #counts = new Map<string, number>();

  answer(correlationId: string, question: Question): AnswerValue {
    switch (question.kind) {
      case 'add':
        return question.a + question.b;
      case 'multiply':
        return question.a * question.b;
      case 'letters':
        return question.word.length;
      case 'backwards':
        return [...question.word].reverse().join('');
      case 'count': {
        const count = (this.#counts.get(correlationId) ?? 0) + question.by;
        this.#counts.set(correlationId, count);
        return count;
      }
      default:
        return question satisfies never;
    }
  }
}

/** What the answers of a thread must be, by its order of questions. */
export function expectedAnswers({ correlationId, questions }: Thread): AnswerValue[] {
  const library = new Library();
  return questions.map((question) => library.answer(correlationId, question));
}
