import { ConcordatError, type Position } from '@concordat/contracts';
import { equalConstantTime } from '@concordat/crypto';
import type { Keystore } from '@concordat/keystore';
import type { SqlStatement } from '@concordat/sqlite';
import QuickLRU from 'quick-lru';
import { hideData, openData, sealData } from './codec';
import type { Decider, DomainEvent } from './decider';
import {
  type CommandMemo,
  DuplicateCommandError,
  type EventStore,
  type NewEvent,
  type RememberedCommand,
  specOf,
  type StoredEvent,
  VersionConflictError,
} from './event-store';
import type { Projection } from './projection';
import { StreamQueue } from './stream-queue';

/** Who asked for what, when, and under which id: the same for every command of a request. */
export interface CommandContext {
  readonly tenant: string;
  readonly actor: string;
  /** RFC 3339 */
  readonly time: string;
  readonly correlation: string | null;
  readonly traceparent: string | null;
  /** null for commands that the service gives itself and that are idempotent by their rules. */
  readonly command: CommandMemo | null;
}

export interface CommandRun<Command, Event extends DomainEvent, State> {
  /** Aggregate, below the tenant: `agent/did:key:…` */
  readonly stream: string;
  readonly decider: Decider<Command, Event, State>;
  readonly command: Command;
  readonly projection: Projection;
  /** What must hold beyond the aggregate for a new command; a repetition is answered as it was. @throws ConcordatError */
  readonly requires?: () => void;
}

export interface CommandOutcome<State> {
  /** The state right after the command, also when it was carried out earlier under the same id. */
  readonly state: State;
  readonly at: Position;
  /** The command had been carried out before. */
  readonly isRepetition: boolean;
}

const attempts = 5;
const cachedStates = 10_000;

interface Loaded<State> {
  readonly state: State;
  readonly version: number;
}

/** Loads, decides, seals, appends; decides again when somebody was faster, and recognises repeated commands. */
export class CommandRunner {
  readonly #states = new QuickLRU<string, Loaded<unknown>>({ maxSize: cachedStates });
  readonly #queue = new StreamQueue();

  constructor(
    private readonly store: EventStore,
    private readonly keystore: Keystore,
  ) {}

  /**
   * @throws ConcordatError: what the decider refuses; IDEMPOTENCY_KEY_REUSED when the id belongs to another request;
   *   VERSION_CONFLICT when others kept being faster
   */
  async run<C, E extends DomainEvent, S>(
    context: CommandContext,
    run: CommandRun<C, E, S>,
  ): Promise<CommandOutcome<S>> {
    // Commands on one aggregate wait for one another here instead of failing at the store.
    return this.#queue.enter(`${context.tenant} ${run.stream}`, () => this.#attempt(context, run));
  }

  /** The state of an aggregate as it is now: for what has to be known before there is a command. */
  async stateOf<E extends DomainEvent, S>(
    tenant: string,
    stream: string,
    decider: Decider<never, E, S>,
  ): Promise<S> {
    return (await this.#load(tenant, stream, decider)).state;
  }

  async #attempt<C, E extends DomainEvent, S>(
    context: CommandContext,
    run: CommandRun<C, E, S>,
  ): Promise<CommandOutcome<S>> {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const before = context.command && (await this.store.findCommand(context.tenant, context.command.id));
      if (before) return this.#repeat(context, run, before);
      try {
        return await this.#decide(context, run);
      } catch (error) {
        if (!(error instanceof VersionConflictError) && !(error instanceof DuplicateCommandError))
          throw error;
        this.#states.delete(`${context.tenant} ${run.stream}`);
      }
    }
    throw new ConcordatError('VERSION_CONFLICT', `${attempts} attempts found the state changed by others.`);
  }

  async #decide<C, E extends DomainEvent, S>(
    context: CommandContext,
    run: CommandRun<C, E, S>,
  ): Promise<CommandOutcome<S>> {
    const { tenant, time, actor } = context;
    const { stream, decider } = run;
    run.requires?.();
    const loaded = await this.#load(tenant, stream, decider);
    const decided = decider.decide(run.command, loaded.state);
    // What changes nothing is remembered too: sent again after others have changed something, it would have an effect.
    if (decided.length === 0 && context.command === null)
      return { state: loaded.state, at: (await this.store.head()).at, isRepetition: false };

    const events: NewEvent[] = [];
    const effects: SqlStatement[] = [];
    for (const [index, { type, data }] of decided.entries()) {
      const spec = specOf(type);
      const version = loaded.version + index + 1;
      const fields = spec.data.parse(data);
      const sealed = await sealData(spec, fields, { tenant, stream, version }, this.keystore);
      events.push({ type, subject: spec.subject(fields), data: JSON.stringify(sealed) });
      effects.push(...run.projection({ type, data: fields, sealed, tenant, stream, version, time, actor }));
    }
    const head = await this.store.append({
      ...context,
      stream,
      expectedVersion: loaded.version,
      events,
      effects,
    });
    const state = decided.reduce((folded, event) => decider.evolve(folded, event, time), loaded.state);
    this.#states.set(`${tenant} ${stream}`, { state, version: loaded.version + events.length });
    return { state, at: head.at, isRepetition: false };
  }

  async #repeat<C, E extends DomainEvent, S>(
    context: CommandContext,
    run: CommandRun<C, E, S>,
    before: RememberedCommand,
  ): Promise<CommandOutcome<S>> {
    const isSame = equalConstantTime(context.command!.digest, before.digest) && before.stream === run.stream;
    if (!isSame) throw new ConcordatError('IDEMPOTENCY_KEY_REUSED');
    const events = await this.store.readStream(context.tenant, run.stream);
    const upToThen = events.filter(({ version }) => version <= before.version);
    const { state } = await this.#fold(
      upToThen,
      { state: run.decider.initialState, version: 0 },
      run.decider,
    );
    return { state, at: before.at, isRepetition: true };
  }

  async #load<E extends DomainEvent, S>(
    tenant: string,
    stream: string,
    decider: Decider<never, E, S>,
  ): Promise<Loaded<S>> {
    const name = `${tenant} ${stream}`;
    const known = (this.#states.get(name) as Loaded<S> | undefined) ?? {
      state: decider.initialState,
      version: 0,
    };
    return this.#fold(await this.store.readStream(tenant, stream, known.version), known, decider);
  }

  async #fold<E extends DomainEvent, S>(
    events: readonly StoredEvent[],
    from: Loaded<S>,
    decider: Decider<never, E, S>,
  ): Promise<Loaded<S>> {
    let { state, version } = from;
    for (const event of events) {
      const spec = specOf(event.type);
      const stored = JSON.parse(event.data) as Record<string, unknown>;
      const data = decider.readsSealedFields
        ? await openData(spec, stored, event, this.keystore)
        : hideData(spec, stored);
      state = decider.evolve(state, { type: event.type, data } as E, event.time);
      version = event.version;
    }
    return { state, version };
  }
}
