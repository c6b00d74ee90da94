import { ConcordatError, type DirectoryEntry, type Position } from '@concordat/contracts';
import { fromBase64url } from '@concordat/crypto';
import type { EventStore, HeavyReads } from '@concordat/eventsourcing';
import type { Clock, OperationHandlers } from '@concordat/runtime';
import type { Connection } from '@concordat/sqlite';
import { z } from 'zod';
import type { AgentQueries } from '../agent/agent-queries.projection';
import { apiKeyPage } from '../api-key/api-key.projection';
import type { DelegationQueries } from '../delegation/delegation.projection';
import type { PolicyQueries } from '../policy/policy.projection';
import { signingKeyPage } from '../signing-key/signing-key.projection';
import { withdrawalPage } from '../token/withdrawal.projection';
import { userPage } from '../user/user.projection';

export interface DirectoryPorts {
  readonly store: EventStore;
  readonly db: Connection;
  readonly reads: HeavyReads;
  readonly agents: AgentQueries;
  readonly policies: PolicyQueries;
  readonly delegations: DelegationQueries;
  readonly clock: Clock;
}

interface Item {
  readonly at: Position;
  readonly entry: DirectoryEntry;
}

/** Rows in one chunk: with at most some 900 bytes each below the 256 KiB of a chunk. */
const chunkRows = 250;
/** Policies are large: `limits.policyBytes`. */
const policyRows = 3;

/** Where a chunk begins: a kind of entry, and the last one of it that was read. */
const cursorSchema = z.strictObject({
  kind: z.enum([...['signingKey', 'policy', 'apiKey', 'user', 'agent', 'delegation', 'withdrawal']] as const),
  tenant: z.string(),
  id: z.string(),
});
type Cursor = z.infer<typeof cursorSchema>;
const kinds = cursorSchema.shape.kind.options;

/**
 * The operation `directory.snapshot`. Chunks are read one by one while the store changes: every entry carries the
 * position of its last change, so a gateway that goes on from the position of the first chunk ends with the present.
 */
export function directoryHandlers(ports: DirectoryPorts) {
  return {
    'directory.snapshot': async ({ cursor }) => {
      const { at } = await ports.store.head();
      const from = cursor === undefined ? { kind: kinds[0]!, tenant: '', id: '' } : readCursor(cursor);
      const items = await readChunk(ports, from);
      const next = nextCursor(from, items);
      return { output: { position: at, items, nextCursor: next && writeCursor(next) }, position: at };
    },
  } satisfies OperationHandlers;
}

async function readChunk(
  { db, reads, agents, policies, delegations, clock }: DirectoryPorts,
  { kind, tenant, id }: Cursor,
): Promise<Item[]> {
  const now = new Date(clock.nowMs()).toISOString();
  switch (kind) {
    case 'signingKey':
      return signingKeyPage(reads, id, chunkRows);
    case 'apiKey':
      return apiKeyPage(reads, { tenant, id }, chunkRows);
    case 'policy':
      return policies.directoryPage(tenant, id, policyRows);
    case 'user':
      return userPage(db, { tenant, id }, chunkRows);
    case 'agent':
      return agents.directoryPage(reads, tenant, id, chunkRows);
    case 'delegation':
      return delegations.directoryPage({ tenant, id }, chunkRows, now);
    case 'withdrawal':
      return withdrawalPage(db, { tenant, id }, chunkRows, now);
  }
}

function nextCursor(from: Cursor, items: readonly Item[]): Cursor | null {
  const last = items.at(-1);
  if (last && items.length === (from.kind === 'policy' ? policyRows : chunkRows))
    return { kind: from.kind, ...nameOf(last.entry) };
  const following = kinds[kinds.indexOf(from.kind) + 1];
  return following === undefined ? null : { kind: following, tenant: '', id: '' };
}

function nameOf(entry: DirectoryEntry): { tenant: string; id: string } {
  switch (entry.kind) {
    case 'agent':
      return { tenant: entry.tenant, id: entry.did };
    case 'apiKey':
    case 'delegation':
    case 'user':
      return { tenant: entry.tenant, id: entry.id };
    case 'policy':
      return { tenant: entry.tenant, id: entry.id };
    case 'withdrawal':
      return { tenant: entry.tenant, id: entry.name };
    case 'signingKey':
      return { tenant: '', id: entry.publicKey.kid };
  }
}

const writeCursor = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString('base64url');

function readCursor(text: string): Cursor {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(fromBase64url(text) ?? []).toString()));
  } catch {
    throw new ConcordatError('INPUT_INVALID', 'The cursor is not one of this snapshot.');
  }
}
