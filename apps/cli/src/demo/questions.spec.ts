import { expectedAnswers, Library, planThreads } from './questions';

describe('the questions of the demo', () => {
  it.each([200, 201, 240, 2_000])(
    'are %d messages with their answers, shared out among conversations',
    (messages) => {
      const threads = planThreads('x', messages);
      const counts = threads.map(({ questions }) => questions.length);
      expect(counts.reduce((a, b) => a + b)).toBe(Math.ceil(messages / 2));
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      expect(new Set(threads.map(({ correlationId }) => correlationId)).size).toBe(threads.length);
    },
  );

  it('are of every kind, and their answers are known', () => {
    const threads = planThreads('x', 200);
    const kinds = threads.map(({ questions }) => questions[1]!.kind);
    expect(kinds).toEqual(['count', 'add', 'letters', 'multiply', 'backwards', 'count']);
    const second = threads.map((thread) => expectedAnswers(thread)[1]);
    // 1 + 2; 1 + 100; the letters of "archive"; 3 × 6; "sextant1" backwards; twice ten.
    expect(second).toEqual([3, 101, 7, 18, '1tnatxes', 20]);
  });

  it('show when one of a count is lost or heard twice', () => {
    const { correlationId, questions } = planThreads('x', 200)[0]!;
    const honest = expectedAnswers({ correlationId, questions });
    const answers = (asked: typeof questions): unknown[] => {
      const library = new Library();
      return asked.map((question) => library.answer(correlationId, question));
    };
    expect(answers(questions)).toEqual(honest);
    expect(answers([questions[0]!, ...questions]).at(-1)).not.toBe(honest.at(-1));
    expect(answers(questions.slice(1)).at(-1)).not.toBe(honest.at(-1));
  });
});
