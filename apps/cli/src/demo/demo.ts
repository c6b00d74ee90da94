import { randomBytes } from 'node:crypto';
import { type Concordat } from '@concordat/sdk';
import { answeringServices, type ServiceName, serviceNames } from './answering-services';
import { type RunFile } from '../supervisor/run-file';
import { newTrace, player, registerAll, revokeAll, type Stage } from './cast';
import { Checks, requireThat } from './checks';
import { type Actors, converse, startActors } from './conversation';
import { evidenceIsThere } from './evidence';
import { memoryIsForgotten, memoryIsShared } from './memory';
import { type DemoResult, type Phase } from './demo-result';
import { type Story } from './story';
import { strangerIsRefused } from './stranger';
import { untilSo } from './until-so';

export interface DemoOptions {
  readonly run: RunFile;
  /** What runs now; asked at the end, when something may have been restarted. */
  readonly runNow: () => Promise<RunFile | undefined>;
  readonly admin: Concordat;
  readonly env: Readonly<Record<string, string>>;
  readonly messages: number;
  /** Fires when the demo has taken too long. */
  readonly deadline: AbortSignal;
  /** Fires when nobody wants to see the rest. */
  readonly interrupted: AbortSignal;
  readonly story: Story;
}

/** When it was interrupted, somebody waits. */
const hurriedStopMs = 3_000;

/**
 * The main job, end to end, every claim checked. Never throws: what goes wrong is a check that does not hold. Whatever
 * ends it, its agents are revoked.
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const demo = new Demo(options);
  await demo.play();
  return demo.result();
}

class Demo {
  readonly #checks: Checks;
  readonly #stage: Stage;
  readonly #durations: Record<Phase, number> = {
    setup: 0,
    conversation: 0,
    memory: 0,
    refusals: 0,
    audit: 0,
    total: 0,
  };
  #actors: Actors | undefined;
  #services: ServiceName[] = [];

  constructor(private readonly options: DemoOptions) {
    const { run, admin, deadline, interrupted, story } = options;
    this.#checks = new Checks((check) => story.check(check));
    const end = new AbortController();
    for (const signal of [deadline, interrupted]) {
      const over = (): void => end.abort(signal.reason);
      if (signal.aborted) over();
      else signal.addEventListener('abort', over, { once: true });
    }
    interrupted.addEventListener('abort', () => story.chapter('Interrupted. The agents are revoked first.'));
    this.#stage = {
      ...{ run: randomBytes(4).toString('hex'), urls: run.http, admin, ...newTrace() },
      ...{ ada: player('Ada'), ben: player('Ben'), mallory: player('Mallory') },
      deadline: end.signal,
    };
  }

  async play(): Promise<void> {
    const { deadline, interrupted } = this.options;
    await this.#timed('total', async () => {
      try {
        await this.#timed('setup', () => this.#setUp());
        if (this.#actors) await this.#act(this.#actors);
        if (deadline.aborted || interrupted.aborted)
          await this.#checks.that('the demo comes to its end', () => {
            throw new Error(interrupted.aborted ? 'it was interrupted' : 'it took longer than it may');
          });
      } finally {
        await this.#actors?.stop(interrupted.aborted ? hurriedStopMs : undefined);
      }
      if (!interrupted.aborted)
        await this.#checks.that('all four services answer', () => this.#askServices());
      await this.#checks.that('nobody stays behind', async () => {
        await revokeAll(this.#stage);
        return 'the agents of the demo are revoked';
      });
    });
  }

  result(): DemoResult {
    return {
      ok: this.#checks.ok,
      checks: this.#checks.list,
      traceId: this.#stage.traceId,
      services: this.#services,
      messages: this.#actors?.transcript.messages ?? 0,
      durationsMs: this.#durations,
    };
  }

  async #setUp(): Promise<void> {
    const { story, messages, env } = this.options;
    story.chapter('Three agents join. Each makes a key of its own, and its name is made of that key.');
    const joined = await this.#checks.that('three agents are registered', async () => {
      await registerAll(this.#stage);
      return `Ada is ${this.#stage.ada.did}`;
    });
    if (!joined || this.#stage.deadline.aborted) return;
    await this.#checks.that('two of them prove who they are, in processes of their own', async () => {
      const onProgress = (done: number, planned: number): void => story.progress(done, planned);
      this.#actors = await startActors(this.#stage, { messages, env, onProgress });
      return 'each signed a challenge that is good once';
    });
  }

  async #act(actors: Actors): Promise<void> {
    const { run } = this.options;
    const { transcript } = actors;
    await this.#scene(
      'conversation',
      `Ada, who does research, asks Ben, a librarian, ${transcript.planned / 2} questions. Every answer can be checked.`,
      () => converse(this.#stage, this.#checks, actors),
    );
    await this.#scene(
      'memory',
      'Ada keeps what she learned in the vault, and lets Ben read it for a while.',
      () => memoryIsShared(this.#stage, this.#checks, actors),
    );
    await this.#scene('refusals', 'Mallory should not be here. She tries what strangers try.', async () => {
      await strangerIsRefused(this.#stage, this.#checks, transcript);
      await memoryIsForgotten(this.#stage, this.#checks, actors);
    });
    await this.#scene('audit', 'All of this is on record, and the record cannot be changed unseen.', () =>
      evidenceIsThere(this.#stage, this.#checks, transcript, run.vkeyFile),
    );
  }

  /** Nothing new begins after the deadline. */
  async #scene(phase: Phase, text: string, task: () => Promise<void>): Promise<void> {
    if (this.#stage.deadline.aborted) return;
    this.options.story.chapter(text);
    await this.#timed(phase, task);
  }

  async #askServices(): Promise<string> {
    await untilSo(
      async () => {
        this.#services = await answeringServices((await this.options.runNow()) ?? this.options.run);
        const silent = serviceNames.filter((name) => !this.#services.includes(name));
        requireThat(silent.length === 0, `no answer from ${silent.join(', ')}`);
      },
      AbortSignal.any([this.#stage.deadline, AbortSignal.timeout(10_000)]),
    );
    return this.#services.join(', ');
  }

  async #timed(phase: Phase, task: () => Promise<void>): Promise<void> {
    const begun = performance.now();
    await task();
    this.#durations[phase] = Math.round(performance.now() - begun);
  }
}
