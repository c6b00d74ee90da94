import {
  AgentErased,
  type AgentEvent,
  AgentRegistered,
  AgentRevoked,
  ApiKeyCreated,
  type ApiKeyEvent,
  ApiKeyRevoked,
  comparePositions,
  type DirectoryEntry,
  type Position,
  SigningKeyActivated,
  type SigningKeyEvent,
} from '@concordat/contracts';

export type DirectoryAgent = Extract<DirectoryEntry, { kind: 'agent' }>;
export type DirectoryApiKey = Extract<DirectoryEntry, { kind: 'apiKey' }>;
export type DirectorySigningKey = Extract<DirectoryEntry, { kind: 'signingKey' }>;

/** An event of iam-service, from the event stream or from the control lane. */
export interface DirectoryEvent {
  readonly at: Position;
  readonly tenant: string;
  readonly type: string;
  readonly time: string;
  readonly data: unknown;
}

interface Kept {
  readonly at: Position;
  readonly entry: DirectoryEntry;
}

/** Something was taken away before we heard of it being given: nothing older may give it back. */
interface Withdrawn {
  readonly at: Position;
  readonly entry: undefined;
}

/**
 * Who may come in, as iam-service sees it: a read model in memory. Every entry keeps the position of its last change, so
 * snapshot, event stream and control lane may bring the same change in any order and any number of times.
 */
export class Directory {
  readonly #entries = new Map<string, Kept | Withdrawn>();

  agent(tenant: string, did: string): DirectoryAgent | undefined {
    return this.#entries.get(agentName(tenant, did))?.entry as DirectoryAgent | undefined;
  }

  apiKey(id: string): DirectoryApiKey | undefined {
    return this.#entries.get(apiKeyName(id))?.entry as DirectoryApiKey | undefined;
  }

  signingKey(kid: string): DirectorySigningKey | undefined {
    return this.#entries.get(signingKeyName(kid))?.entry as DirectorySigningKey | undefined;
  }

  signingKeys(): DirectorySigningKey[] {
    return [...this.#entries.values()].flatMap(({ entry }) => (entry?.kind === 'signingKey' ? [entry] : []));
  }

  get size(): number {
    return this.#entries.size;
  }

  /** An entry of a snapshot. */
  put(at: Position, entry: DirectoryEntry): void {
    this.#set(nameOf(entry), { at, entry });
  }

  /** Events that do not concern the directory are ignored. */
  apply({ at, tenant, type, time, data }: DirectoryEvent): void {
    const event = { type, data } as AgentEvent | ApiKeyEvent | SigningKeyEvent;
    switch (event.type) {
      case AgentRegistered.type: {
        const { did, agentType, publicKeys } = event.data;
        this.put(at, { kind: 'agent', tenant, did, type: agentType, status: 'active', publicKeys });
        return;
      }
      case AgentRevoked.type:
        return this.#change(agentName(tenant, event.data.did), at, (entry) => ({
          ...(entry as DirectoryAgent),
          status: 'revoked',
        }));
      case AgentErased.type:
        return this.#change(agentName(tenant, event.data.did), at, (entry) => ({
          ...(entry as DirectoryAgent),
          status: 'erased',
        }));
      case ApiKeyCreated.type: {
        const { id, hash, scopes, expiresAt } = event.data;
        this.put(at, { kind: 'apiKey', tenant, id, hash, scopes, expiresAt, status: 'active' });
        return;
      }
      case ApiKeyRevoked.type:
        return this.#change(apiKeyName(event.data.id), at, (entry) => ({
          ...(entry as DirectoryApiKey),
          status: 'revoked',
        }));
      case SigningKeyActivated.type:
        this.put(at, { kind: 'signingKey', publicKey: event.data.publicKey, activatedAt: time });
        return;
    }
  }

  /** Forgets everything: before a snapshot that replaces it. */
  clear(): void {
    this.#entries.clear();
  }

  #change(name: string, at: Position, change: (entry: DirectoryEntry) => DirectoryEntry): void {
    const before = this.#entries.get(name)?.entry;
    this.#set(name, before ? { at, entry: change(before) } : { at, entry: undefined });
  }

  #set(name: string, kept: Kept | Withdrawn): void {
    const before = this.#entries.get(name);
    if (!before || comparePositions(before.at, kept.at) < 0) this.#entries.set(name, kept);
  }
}

const agentName = (tenant: string, did: string): string => `agent ${tenant} ${did}`;
const apiKeyName = (id: string): string => `apiKey ${id}`;
const signingKeyName = (kid: string): string => `signingKey ${kid}`;

function nameOf(entry: DirectoryEntry): string {
  switch (entry.kind) {
    case 'agent':
      return agentName(entry.tenant, entry.did);
    case 'apiKey':
      return apiKeyName(entry.id);
    case 'signingKey':
      return signingKeyName(entry.publicKey.kid);
  }
}
