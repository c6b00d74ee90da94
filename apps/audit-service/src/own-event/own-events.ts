import { actorOf, ConcordatError, type EventSpec } from '@concordat/contracts';
import { equalConstantTime } from '@concordat/crypto';
import { type CommandContexts, type CommandMemo, sealData } from '@concordat/eventsourcing';
import type { Keystore } from '@concordat/keystore';
import type { Clock, OperationContext, OperationResult } from '@concordat/runtime';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { AuditStore } from '../store/audit-store';
import { rowsWhere } from '../store/bulk';
import { OwnCommand } from './own-event-rows';
import type { OwnDraft, OwnEventStore } from './own-event-store';

/** Something that audit-service did, and that belongs into the log like everything else. */
export interface OwnEvent {
  readonly spec: EventSpec;
  readonly tenant: string;
  readonly actor: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** When it was so, where a row says it too; else now. */
  readonly time?: Date;
}

/** Puts an event behind those of the transaction. */
export type Append = (event: OwnEvent) => void;

export interface OwnEventsPorts {
  readonly store: AuditStore;
  readonly outbox: OwnEventStore;
  readonly keystore: Keystore;
  readonly contexts: CommandContexts;
  readonly clock: Clock;
}

type Cause = Pick<OwnDraft, 'correlation' | 'traceparent'>;
const noCause: Cause = { correlation: null, traceparent: null };

/** Commands of audit-service: what they change and the events that tell of it are one transaction. */
export class OwnEvents {
  constructor(private readonly ports: OwnEventsPorts) {}

  /**
   * Carries a command out once: what the task changes, the events it appends and the memo of the command commit together.
   * A repetition is answered as the first was; so the output is kept for as long as keys are remembered
   * (`limits.idempotencySeconds`) and holds ids, times and numbers, nothing personal.
   * @param input of the operation: what a repetition has in common with the first
   * @throws ConcordatError SERVICE_UNAVAILABLE, IDEMPOTENCY_KEY_REUSED, and what the task throws: then nothing is changed
   */
  async command<T extends object>(
    context: OperationContext,
    input: unknown,
    task: (em: EntityManager, append: Append) => Promise<T>,
  ): Promise<OperationResult<T>> {
    const { contexts, outbox } = this.ports;
    const { tenant, command, correlation, traceparent } = contexts.of(context, input);
    const result = await this.#commit({ correlation, traceparent }, async (em, write) => {
      const before = command && (await this.#findCommand(em, tenant, command));
      if (before) return { output: before.output as T, position: before };
      const { output, position } = await write(task);
      const at = this.ports.clock.now();
      if (command) await em.insert(OwnCommand, { tenant, ...command, output, ...position, at });
      return { output, position };
    });
    const { epoch, position } = result.position;
    return { output: result.output, position: { epoch, position }, source: outbox.source };
  }

  /** The same for what the service does by itself, which is idempotent by its rules. */
  async transaction<T>(task: (em: EntityManager, append: Append) => Promise<T>): Promise<T> {
    const { output } = await this.#commit(noCause, (_em, write) => write(task));
    return output;
  }

  async #commit<R>(
    cause: Cause,
    run: (
      em: EntityManager,
      write: <T>(task: (em: EntityManager, append: Append) => Promise<T>) => Promise<Written<T>>,
    ) => Promise<R>,
  ): Promise<R> {
    const { store, outbox } = this.ports;
    const result = await store.transaction((em) =>
      run(em, async (task) => {
        const events: OwnEvent[] = [];
        const output = await task(em, (event) => events.push(event));
        const drafts = await Promise.all(events.map((event) => this.#draft(event, cause)));
        const { at } = await outbox.append(em, drafts);
        return { output, position: at };
      }),
    );
    outbox.appended();
    return result;
  }

  async #draft({ spec, tenant, actor, data, time: at }: OwnEvent, cause: Cause): Promise<OwnDraft> {
    const { clock, keystore } = this.ports;
    const fields = spec.data.parse(data);
    const place = { tenant, stream: '', version: 0 };
    const sealed = await sealData(spec, fields, place, keystore);
    const { type } = spec;
    const time = (at ?? clock.now()).toISOString();
    return {
      ...{ tenant, type, actor, time, ...cause },
      subject: spec.subject(fields),
      data: JSON.stringify(sealed),
    };
  }

  /** @throws ConcordatError IDEMPOTENCY_KEY_REUSED */
  async #findCommand(em: EntityManager, tenant: string, { id, digest }: CommandMemo) {
    // Two of them at once: the second waits here for the first to commit.
    await rowsWhere(
      em,
      'SELECT pg_advisory_xact_lock(hashtextextended(array_to_string(?::text[], chr(10)), 0))',
      [tenant, id],
    );
    const before = await em.findOne(OwnCommand, { tenant, id });
    if (before && !equalConstantTime(before.digest, digest))
      throw new ConcordatError('IDEMPOTENCY_KEY_REUSED');
    return before;
  }
}

interface Written<T> {
  readonly output: T;
  readonly position: { readonly epoch: number; readonly position: number };
}

/** Who acts in a request, and where: what most events have in common. */
export const causedBy = ({ principal }: OperationContext): Pick<OwnEvent, 'tenant' | 'actor'> => ({
  tenant: principal.tenant,
  actor: actorOf(principal),
});
