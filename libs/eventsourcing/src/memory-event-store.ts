import { chainParts } from '@concordat/contracts';
import { chainHash, chainStart } from '@concordat/crypto';
import {
  type AppendRequest,
  DuplicateCommandError,
  type EventStore,
  type Head,
  type RememberedCommand,
  type StoredEvent,
  toEnvelope,
  VersionConflictError,
} from './event-store';

/** Events in memory: for tests of deciders, runners and relays, and for simulations. Runs no effects. */
export class MemoryEventStore implements EventStore {
  readonly #events: StoredEvent[] = [];
  readonly #commands = new Map<string, RememberedCommand & { readonly atMs: number }>();
  readonly #listeners = new Set<() => void>();

  constructor(
    readonly source: string,
    readonly epoch: number = 1,
    private readonly nowMs: () => number = () => 0,
  ) {}

  async append(request: AppendRequest): Promise<Head> {
    const { tenant, stream, command } = request;
    const commandName = command && `${tenant} ${command.id}`;
    if (commandName && this.#commands.has(commandName))
      throw new DuplicateCommandError('the command was carried out before');
    const version = this.#ofStream(tenant, stream).length;
    if (version !== request.expectedVersion) throw new VersionConflictError('the stream has moved on');
    for (const index of request.events.keys()) this.#events.push(this.#next(request, index));
    const head = await this.head();
    if (command && commandName) {
      const after = { digest: command.digest, stream, version: version + request.events.length, at: head.at };
      this.#commands.set(commandName, { ...after, atMs: this.nowMs() });
    }
    for (const listener of this.#listeners) listener();
    return head;
  }

  async readStream(tenant: string, stream: string, afterVersion = 0): Promise<StoredEvent[]> {
    return this.#ofStream(tenant, stream).filter(({ version }) => version > afterVersion);
  }

  async readAfter(position: number, limit: number): Promise<StoredEvent[]> {
    return this.#events.slice(position, position + limit);
  }

  async eventAt(position: number): Promise<StoredEvent | undefined> {
    return this.#events[position - 1];
  }

  async findCommand(tenant: string, id: string): Promise<RememberedCommand | undefined> {
    return this.#commands.get(`${tenant} ${id}`);
  }

  async forgetCommands(beforeMs: number): Promise<number> {
    const old = [...this.#commands].filter(([, { atMs }]) => atMs < beforeMs);
    for (const [name] of old) this.#commands.delete(name);
    return old.length;
  }

  async purge(): Promise<void> {}

  async head(): Promise<Head> {
    const last = this.#events.at(-1);
    return last ? { at: last.at, hash: last.hash } : { at: { epoch: 0, position: 0 }, hash: chainStart };
  }

  onAppended(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }

  #ofStream(tenant: string, stream: string): StoredEvent[] {
    return this.#events.filter((event) => event.tenant === tenant && event.stream === stream);
  }

  #next(request: AppendRequest, index: number): StoredEvent {
    const { tenant, stream, time, actor, correlation, traceparent } = request;
    const last = this.#events.at(-1);
    const draft: StoredEvent = {
      ...request.events[index]!,
      at: { epoch: this.epoch, position: this.#events.length + 1 },
      prev: last?.at ?? { epoch: 0, position: 0 },
      version: request.expectedVersion + index + 1,
      prevHash: last?.hash ?? chainStart,
      hash: chainStart,
      ...{ tenant, stream, time, actor, correlation, traceparent },
    };
    return { ...draft, hash: chainHash(draft.prevHash, ...chainParts(toEnvelope(this.source, draft))) };
  }
}
