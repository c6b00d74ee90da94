import { AgentChild } from './agent-child';
import { type AgentReport } from './agent-messages';
import { type Checks, requireThat } from './checks';
import { type Stage } from './cast';
import { planThreads } from './questions';
import { Transcript } from './transcript';
import { untilSo } from './until-so';

export interface Actors {
  readonly ada: AgentChild;
  readonly ben: AgentChild;
  readonly transcript: Transcript;
  /** Things that were tried again. */
  readonly troubles: () => number;
  /** What keeps the conversation from ever ending. */
  readonly failure: () => string | undefined;
  /** Lets both finish; after the time they are killed. */
  stop(deadlineMs?: number): Promise<void>;
}

export interface ConversationOptions {
  readonly messages: number;
  readonly env: Readonly<Record<string, string>>;
  /** Hears how many messages have had their effect, every twenty. */
  readonly onProgress: (messages: number, planned: number) => void;
}

const step = 20;
const stopMs = 15_000;

/** Starts the processes of both agents. @throws Error when one does not prove who it is */
export async function startActors(stage: Stage, options: ConversationOptions): Promise<Actors> {
  const transcript = new Transcript(planThreads(stage.run, options.messages));
  let troubles = 0;
  let told = 0;
  let failure: string | undefined;
  const onReport = (report: AgentReport): void => {
    if (report.kind === 'trouble') troubles++;
    if (report.kind === 'failed') failure ??= report.detail;
    if (report.kind !== 'asked' && report.kind !== 'answered' && report.kind !== 'heard') return;
    transcript.add(report);
    const { messages, planned } = transcript;
    if (messages < told + step && !(transcript.isComplete && messages > told)) return;
    told = messages;
    options.onProgress(messages, planned);
  };
  const child = ({ name, secretKey }: Stage['ada'], urls: readonly string[]): AgentChild =>
    new AgentChild({ name, urls, secretKey, env: options.env, deadline: stage.deadline, onReport });
  // Where there are several gateways, each agent has another one of its own.
  const [ada, ben] = [child(stage.ada, stage.urls), child(stage.ben, stage.urls.toReversed())];
  const stop = async (deadlineMs = stopMs): Promise<void> =>
    void (await Promise.all([ada.stop(deadlineMs), ben.stop(deadlineMs)]));
  try {
    await Promise.all([ada.started(), ben.started()]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ada, ben, transcript, troubles: () => troubles, failure: () => failure, stop };
}

/** Ada asks, Ben answers, until every answer is heard. */
export async function converse(stage: Stage, checks: Checks, actors: Actors): Promise<void> {
  const { ada, ben, transcript } = actors;
  ben.tell({ kind: 'answer' });
  const { threads } = transcript;
  ada.tell({ kind: 'ask', librarian: stage.ben.did, threads, traceparent: stage.traceparent });
  await checks.that('every answer is right and in its place', async () => {
    await untilSo(() => {
      const counts = `${transcript.messages} of ${transcript.planned} messages`;
      requireThat(transcript.isComplete || actors.failure() !== undefined, `not finished: ${counts}`);
    }, stage.deadline);
    const wrong = [...[actors.failure() ?? []].flat(), ...transcript.wrongAnswers()];
    requireThat(wrong.length === 0, wrong.join('; '));
    const { planned } = transcript;
    return `${planned} messages in ${threads.length} conversations, asked by process ${ada.pid}, answered by process ${ben.pid}`;
  });
  await checks.that('every message had exactly one effect', () => {
    const { unfinished, lost, doubled, unknown } = transcript.effects();
    const seen = `${transcript.messages} messages with an effect`;
    requireThat(transcript.isComplete, `${seen}, ${unfinished} not finished, ${doubled} doubled`);
    const counts = `${seen}, ${lost} lost, ${doubled} doubled, ${unknown} of unknown origin`;
    requireThat(lost + doubled + unknown === 0, counts);
    return `${counts}; ${transcript.deliveredAgain} delivered again, ${actors.troubles()} failures tried again`;
  });
}
