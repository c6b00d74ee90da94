import { type ConversationReport } from './agent-messages';
import { expectedAnswers, type Thread } from './questions';

/** What both sides of the conversation saw, gathered as it happens. Pure: it asks nobody. */
export class Transcript {
  readonly #expected: ReadonlyMap<string, readonly (string | number)[]>;
  /** Questions as their sender knows them: id by thread and turn. */
  readonly #asked = new Map<string, string>();
  /** Answers as their sender knows them: ids. */
  readonly #replies = new Set<string>();
  /** How often each message had its effect, by side. */
  readonly #effects = { answered: new Map<string, number>(), heard: new Map<string, number>() };
  /** Answers in the order in which they were heard, by thread. */
  readonly #heard = new Map<string, { readonly turn: number; readonly answer: string | number }[]>();
  #again = 0;
  #firstTrace: string | null = null;

  constructor(readonly threads: readonly Thread[]) {
    this.#expected = new Map(threads.map((thread) => [thread.correlationId, expectedAnswers(thread)]));
  }

  /** Messages that there must be in the end: questions and answers. */
  get planned(): number {
    return 2 * this.threads.reduce((sum, { questions }) => sum + questions.length, 0);
  }

  /** Messages that have had an effect. */
  get messages(): number {
    return this.#effects.answered.size + this.#effects.heard.size;
  }

  /** Both sides of every message are known: what was sent, and its effect. */
  get isComplete(): boolean {
    return this.messages >= this.planned && this.ids.size >= this.planned;
  }

  /** Deliveries that were not the first of their message. */
  get deliveredAgain(): number {
    return this.#again;
  }

  /** Trace id of the first question. */
  get traceId(): string | null {
    return this.#firstTrace;
  }

  /** Ids of all messages, as their senders know them. */
  get ids(): ReadonlySet<string> {
    return new Set([...this.#asked.values(), ...this.#replies]);
  }

  add(report: ConversationReport): void {
    const { id, correlationId, turn } = report;
    switch (report.kind) {
      case 'asked':
        this.#asked.set(`${correlationId} ${turn}`, id);
        if (correlationId === this.threads[0]?.correlationId && turn === 0) this.#firstTrace = report.traceId;
        return;
      case 'answered':
        count(this.#effects.answered, id);
        if (report.reply !== null) this.#replies.add(report.reply);
        if (report.attempt > 1) this.#again++;
        return;
      case 'heard': {
        count(this.#effects.heard, id);
        const { answer, attempt } = report;
        this.#heard.set(correlationId, [...(this.#heard.get(correlationId) ?? []), { turn, answer }]);
        if (attempt > 1) this.#again++;
        return;
      }
      default:
        report satisfies never;
    }
  }

  /** Whether every answer is right and in its place. @returns what is wrong, the first few */
  wrongAnswers(): string[] {
    const wrong: string[] = [];
    for (const [correlationId, expected] of this.#expected) {
      const heard = this.#heard.get(correlationId) ?? [];
      if (heard.length !== expected.length)
        wrong.push(`${correlationId}: ${heard.length} answers instead of ${expected.length}`);
      heard.forEach(({ turn, answer }, place) => {
        if (turn !== place) wrong.push(`${correlationId}: answer ${turn} came in place ${place}`);
        else if (answer !== expected[turn])
          wrong.push(`${correlationId} ${turn}: ${answer}, not ${expected[turn]}`);
      });
    }
    return wrong.slice(0, 5);
  }

  /**
   * Whether every message had exactly one effect. What has none is lost only once all should have had theirs; until then
   * it may be on its way, as may be the news of who sent it: it is not finished.
   */
  effects(): Effects {
    const { answered, heard } = this.#effects;
    const sides = [
      { sent: new Set(this.#asked.values()), seen: answered },
      { sent: this.#replies, seen: heard },
    ];
    const sum = (of: (side: (typeof sides)[number]) => number): number =>
      sides.reduce((total, side) => total + of(side), 0);
    const doubled = sum(({ seen }) => [...seen.values()].filter((times) => times > 1).length);
    if (!this.isComplete) {
      const unfinished = this.planned - Math.min(this.messages, this.ids.size);
      return { unfinished, lost: 0, doubled, unknown: 0 };
    }
    return {
      unfinished: 0,
      lost: sum(({ sent, seen }) => [...sent].filter((id) => !seen.has(id)).length),
      doubled,
      unknown: sum(({ sent, seen }) => [...seen.keys()].filter((id) => !sent.has(id)).length),
    };
  }
}

/** Numbers of messages. */
export interface Effects {
  readonly unfinished: number;
  readonly lost: number;
  readonly doubled: number;
  readonly unknown: number;
}

function count(counts: Map<string, number>, id: string): void {
  counts.set(id, (counts.get(id) ?? 0) + 1);
}
