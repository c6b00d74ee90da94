import { comparePositions, type DirectoryEntry, type Position } from '@concordat/contracts';
import { agentChanges, agentName } from './kinds/agent-entries';
import { apiKeyChanges, apiKeyName } from './kinds/api-key-entries';
import type { Change, DirectoryEvent } from './kinds/kind';
import { sessionChanges, sessionName } from './kinds/session-entries';
import { signingKeyChanges, signingKeyName } from './kinds/signing-key-entries';
import { userChanges, userName } from './kinds/user-entries';

export type DirectoryAgent = Extract<DirectoryEntry, { kind: 'agent' }>;
export type DirectoryApiKey = Extract<DirectoryEntry, { kind: 'apiKey' }>;
export type DirectoryUser = Extract<DirectoryEntry, { kind: 'user' }>;
export type DirectorySigningKey = Extract<DirectoryEntry, { kind: 'signingKey' }>;

interface Kept {
  readonly at: Position;
  readonly entry: DirectoryEntry;
}

/** What the control lane said and the event stream has not reached yet. */
interface Ahead {
  readonly at: Position;
  readonly apply: Change['apply'];
}

const changes = new Map(
  Object.entries({
    ...agentChanges,
    ...apiKeyChanges,
    ...signingKeyChanges,
    ...userChanges,
    ...sessionChanges,
  }) as [string, (data: never, event: DirectoryEvent) => Change][],
);

/**
 * Who may come in, as iam-service sees it: a read model in memory. Snapshot and event stream make the entries, each with
 * the position of its last change, so that what both bring counts once. The control lane overtakes the stream: what it
 * takes away lies over the entries until the stream has come to the same place.
 */
export class Directory {
  readonly #entries = new Map<string, Kept>();
  readonly #ahead = new Map<string, Ahead[]>();

  agent(tenant: string, did: string): DirectoryAgent | undefined {
    return this.#find(agentName(tenant, did)) as DirectoryAgent | undefined;
  }

  apiKey(id: string): DirectoryApiKey | undefined {
    return this.#find(apiKeyName(id)) as DirectoryApiKey | undefined;
  }

  user(tenant: string, id: string): DirectoryUser | undefined {
    return this.#find(userName(tenant, id)) as DirectoryUser | undefined;
  }

  /** Whether the session was ended before its time. */
  hasEnded(tenant: string, sessionId: string): boolean {
    return this.#find(sessionName(tenant, sessionId)) !== undefined;
  }

  signingKey(kid: string): DirectorySigningKey | undefined {
    return this.#find(signingKeyName(kid)) as DirectorySigningKey | undefined;
  }

  signingKeys(): DirectorySigningKey[] {
    return [...this.#entries.values()].flatMap(({ entry }) => (entry.kind === 'signingKey' ? [entry] : []));
  }

  get size(): number {
    return this.#entries.size;
  }

  /** An entry of a snapshot. */
  put(at: Position, entry: DirectoryEntry): void {
    this.#keep(nameOf(entry), at, entry);
  }

  /** The next event of the stream. Events that do not concern the directory are ignored. */
  apply(event: DirectoryEvent): void {
    const change = changeOf(event);
    if (change === undefined) return;
    const entry = change.apply(this.#entries.get(change.name)?.entry);
    if (entry) this.#keep(change.name, event.at, entry);
  }

  /** An event of the control lane: it counts at once, whatever the stream has still to bring before it. */
  anticipate(event: DirectoryEvent): void {
    const change = changeOf(event);
    if (change === undefined) return;
    const { at } = event;
    this.#ahead.set(change.name, [...(this.#ahead.get(change.name) ?? []), { at, apply: change.apply }]);
  }

  /** Snapshot and stream have brought everything up to here. */
  advanced(to: Position): void {
    if (this.#ahead.size === 0) return;
    for (const [name, waiting] of this.#ahead) {
      const rest = waiting.filter(({ at }) => comparePositions(at, to) > 0);
      if (rest.length === 0) this.#ahead.delete(name);
      else this.#ahead.set(name, rest);
    }
  }

  /** Forgets what snapshot and stream brought: before a snapshot that replaces it. */
  clear(): void {
    this.#entries.clear();
  }

  #find(name: string): DirectoryEntry | undefined {
    const entry = this.#entries.get(name)?.entry;
    const ahead = this.#ahead.size === 0 ? undefined : this.#ahead.get(name);
    return ahead ? ahead.reduce((state, { apply }) => apply(state), entry) : entry;
  }

  #keep(name: string, at: Position, entry: DirectoryEntry): void {
    const before = this.#entries.get(name);
    if (!before || comparePositions(before.at, at) < 0) this.#entries.set(name, { at, entry });
  }
}

const changeOf = (event: DirectoryEvent): Change | undefined =>
  changes.get(event.type)?.(event.data as never, event);

function nameOf(entry: DirectoryEntry): string {
  switch (entry.kind) {
    case 'agent':
      return agentName(entry.tenant, entry.did);
    case 'apiKey':
      return apiKeyName(entry.id);
    case 'signingKey':
      return signingKeyName(entry.publicKey.kid);
    case 'user':
      return userName(entry.tenant, entry.id);
    case 'session':
      return sessionName(entry.tenant, entry.id);
  }
}
