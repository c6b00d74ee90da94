import { comparePositions, type DirectoryEntry, type Position } from '@concordat/contracts';
import { type PolicySet, TenantPolicies } from '@concordat/policy';
import { agentChanges, agentName } from './kinds/agent-entries';
import { apiKeyChanges, apiKeyName } from './kinds/api-key-entries';
import { delegationChanges, delegationName } from './kinds/delegation-entries';
import type { Change, DirectoryEvent } from './kinds/kind';
import { policyChanges, policyName } from './kinds/policy-entries';
import { sessionChanges } from './kinds/session-entries';
import { signingKeyChanges, signingKeyName } from './kinds/signing-key-entries';
import { userChanges, userName } from './kinds/user-entries';
import { withdrawalChanges, withdrawalName } from './kinds/withdrawal-entries';

export type DirectoryAgent = Extract<DirectoryEntry, { kind: 'agent' }>;
export type DirectoryApiKey = Extract<DirectoryEntry, { kind: 'apiKey' }>;
export type DirectoryUser = Extract<DirectoryEntry, { kind: 'user' }>;
export type DirectoryDelegation = Extract<DirectoryEntry, { kind: 'delegation' }>;
export type DirectoryWithdrawal = Extract<DirectoryEntry, { kind: 'withdrawal' }>;
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
    ...policyChanges,
    ...withdrawalChanges,
    ...delegationChanges,
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
  #policies = new TenantPolicies();
  #version = 0;

  /** Grows with everything that may change an answer; what ends by itself, with time, does not move it. */
  get version(): number {
    return this.#version;
  }

  agent(tenant: string, did: string): DirectoryAgent | undefined {
    return this.#find(agentName(tenant, did)) as DirectoryAgent | undefined;
  }

  apiKey(id: string): DirectoryApiKey | undefined {
    return this.#find(apiKeyName(id)) as DirectoryApiKey | undefined;
  }

  user(tenant: string, id: string): DirectoryUser | undefined {
    return this.#find(userName(tenant, id)) as DirectoryUser | undefined;
  }

  signingKey(kid: string): DirectorySigningKey | undefined {
    return this.#find(signingKeyName(kid)) as DirectorySigningKey | undefined;
  }

  /** Those that tokens are signed with, have been, or will be. */
  signingKeys(): DirectorySigningKey[] {
    return [...this.#entries.values()].flatMap(({ entry }) => {
      const found = entry.kind === 'signingKey' && this.signingKey(entry.publicKey.kid);
      return found ? [found] : [];
    });
  }

  delegation(tenant: string, id: string): DirectoryDelegation | undefined {
    return this.#find(delegationName(tenant, id)) as DirectoryDelegation | undefined;
  }

  /** @param name `token:<jti>`, `session:<sid>` or `before:<subject>` */
  withdrawal(tenant: string, name: string): DirectoryWithdrawal | undefined {
    return this.#find(withdrawalName(tenant, name)) as DirectoryWithdrawal | undefined;
  }

  /** Forgets withdrawals of what is over by itself, and delegations that have ended. */
  forgetEnded(nowMs: number): void {
    for (const [name, { entry }] of this.#entries) {
      const end = entry.kind === 'withdrawal' ? entry.until : entry.kind === 'delegation' && entry.expiresAt;
      if (end && Date.parse(end) <= nowMs) this.#entries.delete(name);
    }
  }

  /** The policies in force in a tenant; compiled, so they are kept beside the entries, and follow them. */
  policiesOf(tenant: string): PolicySet {
    return this.#policies.of(tenant);
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
    else this.#remove(change.name, event.at);
  }

  /** An event of the control lane: it counts at once, whatever the stream has still to bring before it. */
  anticipate(event: DirectoryEvent): void {
    const change = changeOf(event);
    if (change === undefined) return;
    const { at } = event;
    this.#version++;
    this.#ahead.set(change.name, [...(this.#ahead.get(change.name) ?? []), { at, apply: change.apply }]);
    this.#followPolicy(change.name);
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
    this.#version++;
    this.#entries.clear();
    this.#policies = new TenantPolicies();
    for (const name of this.#ahead.keys()) this.#followPolicy(name);
  }

  #find(name: string): DirectoryEntry | undefined {
    const kept = this.#entries.get(name);
    const ahead = this.#ahead.size === 0 ? undefined : this.#ahead.get(name);
    if (!ahead) return kept?.entry;
    // A snapshot can be further than the stream: what it holds already must not undo what came after it.
    const later = ahead.filter(({ at }) => !kept || comparePositions(at, kept.at) > 0);
    return later.reduce<DirectoryEntry | undefined>((state, { apply }) => apply(state), kept?.entry);
  }

  #keep(name: string, at: Position, entry: DirectoryEntry): void {
    const before = this.#entries.get(name);
    if (before && comparePositions(before.at, at) >= 0) return;
    this.#version++;
    this.#entries.set(name, { at, entry });
    this.#followPolicy(name);
  }

  /** Stream and control lane together say what is in force: an older version that the stream still brings is not. */
  #followPolicy(name: string): void {
    const entry = this.#find(name);
    if (entry?.kind !== 'policy') return;
    const { tenant, id, policy } = entry;
    if (policy === null) this.#policies.delete(tenant, id);
    else this.#policies.put(tenant, policy);
  }

  #remove(name: string, at: Position): void {
    const before = this.#entries.get(name);
    if (!before || comparePositions(before.at, at) >= 0) return;
    this.#version++;
    this.#entries.delete(name);
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
    case 'policy':
      return policyName(entry.tenant, entry.id);
    case 'withdrawal':
      return withdrawalName(entry.tenant, entry.name);
    case 'delegation':
      return delegationName(entry.tenant, entry.id);
    case 'user':
      return userName(entry.tenant, entry.id);
  }
}
