import { type ConversationReport } from './agent-messages';
import { expectedAnswers, planThreads } from './questions';
import { Transcript } from './transcript';

const threads = planThreads('x', 24);

/** Everything that happens when all goes well, turn by turn. */
function goodConversation(): ConversationReport[] {
  return threads.flatMap((thread) => {
    const { correlationId } = thread;
    return expectedAnswers(thread).flatMap((answer, turn): ConversationReport[] => {
      const [question, reply] = [`q-${correlationId}-${turn}`, `a-${correlationId}-${turn}`];
      const step = { correlationId, turn };
      return [
        { kind: 'asked', id: question, ...step, traceId: `t-${turn}` },
        { kind: 'answered', id: question, ...step, reply, attempt: 1 },
        { kind: 'heard', id: reply, ...step, answer, attempt: 1 },
      ];
    });
  });
}

function transcriptOf(reports: readonly ConversationReport[]): Transcript {
  const transcript = new Transcript(threads);
  for (const report of reports) transcript.add(report);
  return transcript;
}

const fine = { unfinished: 0, lost: 0, doubled: 0, unknown: 0 };

describe('a transcript', () => {
  it('of a good conversation has nothing wrong in it', () => {
    const transcript = transcriptOf(goodConversation());
    expect(transcript).toMatchObject({
      planned: 24,
      messages: 24,
      isComplete: true,
      deliveredAgain: 0,
      traceId: 't-0',
    });
    expect([transcript.effects(), transcript.wrongAnswers(), transcript.ids.size]).toEqual([fine, [], 24]);
  });

  it('does not depend on which side tells first', () => {
    const kinds = ['heard', 'answered', 'asked'];
    const mixed = goodConversation().sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind));
    const transcript = transcriptOf(mixed);
    expect([transcript.isComplete, transcript.effects(), transcript.wrongAnswers()]).toEqual([
      true,
      fine,
      [],
    ]);
  });

  it('is complete when both sides of every message are known', () => {
    const reports = goodConversation();
    for (const kind of ['asked', 'answered', 'heard'] as const) {
      const last = reports.findLastIndex((report) => report.kind === kind);
      expect(transcriptOf(reports.toSpliced(last, 1)).isComplete).toBe(false);
    }
  });

  it('shows a message with two effects, one that nobody sent, and one without an effect', () => {
    const reports = goodConversation();
    const answered = reports.find(({ kind }) => kind === 'answered')!;
    expect(transcriptOf([...reports, answered]).effects()).toEqual({ ...fine, doubled: 1 });
    expect(transcriptOf([...reports, { ...answered, id: 'foreign' }]).effects()).toEqual({
      ...fine,
      unknown: 1,
    });
    const heard = reports.findIndex(({ kind }) => kind === 'heard');
    const instead = reports.with(heard, { ...reports[heard]!, id: 'foreign' });
    expect(transcriptOf(instead).effects()).toEqual({ ...fine, lost: 1, unknown: 1 });
  });

  it('has lost nothing while something is not finished', () => {
    const reports = goodConversation();
    for (const kind of ['asked', 'answered', 'heard'] as const) {
      const last = reports.findLastIndex((report) => report.kind === kind);
      expect(transcriptOf(reports.toSpliced(last, 1)).effects()).toEqual({ ...fine, unfinished: 1 });
    }
    expect(transcriptOf([]).effects()).toEqual({ ...fine, unfinished: 24 });
  });

  it('shows a wrong answer, one in the wrong place, and one that is missing', () => {
    const reports = goodConversation();
    const [first, second] = reports.flatMap((report, at) => (report.kind === 'heard' ? [at] : []));
    const swapped = reports.with(first!, reports[second!]!).with(second!, reports[first!]!);
    expect(transcriptOf(swapped).wrongAnswers().join()).toContain('answer 1 came in place 0');
    const wrong = { ...reports[first!]!, answer: 'nonsense' } as ConversationReport;
    expect(transcriptOf(reports.with(first!, wrong)).wrongAnswers()).toEqual([
      expect.stringMatching(/^demo-x-0 0: nonsense, not \d+$/),
    ]);
    expect(transcriptOf(reports.toSpliced(first!, 1)).wrongAnswers().join()).toContain(
      '1 answers instead of 2',
    );
  });

  it('counts what was delivered again', () => {
    const again = goodConversation().map((report) =>
      report.kind === 'asked' ? report : { ...report, attempt: 2 },
    );
    expect(transcriptOf(again).deliveredAgain).toBe(24);
  });
});
